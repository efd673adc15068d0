// `npm run fuzz`: throws made-up bytes at every parser for a time. What breaks one is told whole and kept in .cache/fuzz.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCampaign, type Outcome } from './campaign.ts';
import { TARGETS } from './targets.ts';

const KEPT = fileURLToPath(new URL('../../.cache/fuzz', import.meta.url));
const HELP = `npm run fuzz -- [TARGET ...] [flags]

  targets          ${TARGETS.map(({ name }) => name).join(', ')} (default: all)

  --seconds N      for each target (default 30)
  --seed N         the same inputs with every run; default: another one with every run
  --json           the summary as one JSON object on the last line
  --help           this text

Exit code 0 when every property held, 1 when one did not (the input is then in .cache/fuzz, and with \`--seed\` it comes again), 2
for a wrong flag. An input that was found goes into gateway/fuzz/regression/TARGET/ with the fix.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  say(`seed ${options.seed}`);
  const outcomes: Outcome[] = [];
  for (const target of options.targets) {
    const budget = { seed: options.seed, milliseconds: options.seconds * 1000 };
    const outcome = await runCampaign(target, budget, say);
    outcomes.push(outcome);
    tell(outcome, say);
  }
  const executions = outcomes.reduce((sum, outcome) => sum + outcome.executions, 0);
  const failures = outcomes.filter(({ failure }) => failure !== undefined).length;
  const rows = outcomes.map(({ target, executions: count, failure }) => [
    target,
    { executions: count, failed: failure !== undefined },
  ]);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ seed: options.seed, executions, failures, targets: Object.fromEntries(rows) })}\n`,
    );
  else process.stdout.write(`${executions} executions, ${failures} failures\n`);
  return failures === 0 ? 0 : 1;
}

function readOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const targets = positionals.length === 0 ? TARGETS : positionals.map(findTarget);
  return {
    targets,
    seconds: count('--seconds', values.seconds),
    seed: count('--seed', values.seed),
    json: values.json,
    help: values.help,
  };
}

function findTarget(name: string): (typeof TARGETS)[number] {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`no target '${name}'`);
  return target;
}

function count(flag: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${flag} takes a whole number, not '${text}'`);
  return Number(text);
}

function tell({ target, executions, milliseconds, failure }: Outcome, say: (text: string) => void): void {
  if (failure === undefined) {
    say(`${target}: ${executions} inputs in ${Math.round(milliseconds / 1000)} s, every property held`);
    return;
  }
  mkdirSync(KEPT, { recursive: true });
  const file = join(KEPT, `${target}.bin`);
  writeFileSync(file, failure.input);
  say(`${target}: FAILED after ${executions} inputs: ${failure.reason}`);
  say(
    `  input (${failure.input.length} bytes, also in .cache/fuzz/${target}.bin): ${JSON.stringify(failure.input.toString('latin1'))}`,
  );
}
