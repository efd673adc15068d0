// `npm start`: see options.ts for the flags. Exit code 0 when no request failed, 1 otherwise, 2 for a wrong flag.
import { fileURLToPath } from 'node:url';
import { parseQuickstart, QUICKSTART_HELP, type QuickstartOptions } from './options.ts';
import { runQuickstart } from './quickstart.ts';
import { messageOf } from '../error-message.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/canary', import.meta.url));

async function main(): Promise<number> {
  let options: QuickstartOptions | undefined;
  try {
    options = parseQuickstart(process.argv.slice(2), EXAMPLE);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${QUICKSTART_HELP}`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(QUICKSTART_HELP);
    return 0;
  }
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  try {
    const summary = await runQuickstart(options, stop.signal);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    return summary.failed === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`npm start: ${messageOf(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
