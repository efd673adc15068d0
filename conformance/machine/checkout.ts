// Where the checkout is, and where downloads may stay.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
export const CACHE: string = join(ROOT, '.cache');
/** The pinned Node, which also runs us. */
export const NODE: string = process.execPath;
