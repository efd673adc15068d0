// Rotation as a worker does it: the access log's file is opened anew, and a failure is told, never thrown.
import type { AccessLog } from '../observe/access-log.ts';

/** Why the file could not be opened, with the mend; undefined when it was, or when there is no log. */
export function reopenLog(log: AccessLog | undefined): string | undefined {
  try {
    log?.reopen();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
