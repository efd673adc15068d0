// `npm run generate`: writes datapath/layout.gen.ts from the compiled kernel programs.
import { writeFileSync } from 'node:fs';
import { generate, LAYOUT_FILE } from './generate.ts';

writeFileSync(LAYOUT_FILE, generate());
