import { test } from 'node:test';
import assert from 'node:assert/strict';
import { runCommandLine } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, UsageError, type Command, type Given } from './command.ts';
import { OUTPUT } from './flag.ts';

const PROBE: Command = {
  name: 'probe',
  summary: 'look at one thing',
  description: ['First paragraph.', 'Second paragraph.'],
  arguments: [
    { name: 'THING', required: true, doc: 'what to look at' },
    { name: 'MORE', required: false, doc: 'what else' },
  ],
  flags: [
    OUTPUT,
    {
      name: 'port',
      short: 'p',
      type: 'integer',
      value: 'PORT',
      default: 80,
      most: 65_535,
      doc: 'which port',
    },
    { name: 'drain', type: 'duration', value: 'TIME', default: 30_000, doc: 'how long' },
    { name: 'no-kernel', type: 'boolean', doc: 'leave the kernel alone' },
    { name: 'path', type: 'text', value: 'PATH', doc: 'which path' },
  ],
  examples: [{ command: 'sluice probe a', doc: 'look at a' }],
  run: () => Promise.resolve(0),
};

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  readonly given: Given | undefined;
}

async function type(
  words: string,
  run: (given: Given) => Promise<number> = () => Promise.resolve(0),
): Promise<Outcome> {
  let out = '';
  let error = '';
  let given: Given | undefined;
  const command: Command = {
    ...PROBE,
    run: (what) => {
      given = what;
      return run(what);
    },
  };
  const terminal = {
    out: (text: string) => void (out += text),
    error: (text: string) => void (error += text),
  };
  const code = await runCommandLine([command], words.split(' ').filter(Boolean), terminal);
  return { code, out, error, given };
}

test('flags, short flags and arguments in any order; defaults for the rest', async () => {
  const { given } = await type('probe one -ojson --port=8080 two --no-kernel --path -');
  assert.deepEqual(given?.positionals, ['one', 'two']);
  assert.equal(given?.json, true);
  assert.equal(given?.number('port'), 8080);
  assert.equal(given?.number('drain'), 30_000);
  assert.equal(given?.on('no-kernel'), true);
  assert.equal(given?.text('path'), '-');
  const bare = (await type('probe one -- --two')).given;
  assert.deepEqual(bare?.positionals, ['one', '--two']);
  assert.equal(bare?.json, false);
  assert.equal(bare?.on('no-kernel'), false);
  assert.equal(bare?.text('path'), undefined);
});

test('the exit code is the command’s', async () => {
  assert.equal((await type('probe x', () => Promise.resolve(EXIT.failed))).code, 1);
  assert.equal((await type('probe x')).code, 0);
});

test('what was typed wrongly gives 2, names it and the mend, and does not run', async () => {
  const cases = {
    'prob x': 'sluice: unknown command prob, did you mean probe? Mend: sluice --help\n',
    xyzzy: 'sluice: unknown command xyzzy. Mend: sluice --help\n',
    '--versoin': 'sluice: unknown flag --versoin, did you mean --version? Mend: sluice --help\n',
    'probe x --prot 1': 'sluice probe: unknown flag --prot, did you mean --port? Mend: sluice probe --help\n',
    'probe x --out json':
      'sluice probe: unknown flag --out, did you mean --output? Mend: sluice probe --help\n',
    'probe x -z': 'sluice probe: unknown flag -z. Mend: sluice probe --help\n',
    probe: 'sluice probe: THING is missing: what to look at. Mend: sluice probe --help\n',
    'probe a b c': 'sluice probe: unexpected argument "c". Mend: sluice probe --help\n',
    'probe x --port': 'sluice probe: flag --port needs a value: --port PORT. Mend: sluice probe --help\n',
    'probe x --path --no-kernel':
      'sluice probe: flag --path needs a value: --path PATH. Mend: sluice probe --help\n',
    'probe x -p 70000': 'sluice probe: flag -p must be at most 65535, not 70000. Mend: sluice probe --help\n',
    'probe x -o yaml': 'sluice probe: flag -o must be text or json, not "yaml". Mend: sluice probe --help\n',
    'probe x --no-kernel=false': 'sluice probe: flag --no-kernel takes no value. Mend: sluice probe --help\n',
  };
  for (const [words, expected] of Object.entries(cases)) {
    const { code, out, error, given } = await type(words);
    assert.deepEqual(
      { code, out, error, given },
      { code: 2, out: '', error: expected, given: undefined },
      words,
    );
  }
});

test('errors of the command: usage is 2, others are 1, neither shows a stack', async () => {
  const usage = await type('probe x', () => Promise.reject(new UsageError('x is no thing.')));
  assert.equal(usage.code, 2);
  assert.equal(usage.error, 'sluice probe: x is no thing. Mend: sluice probe --help\n');
  const other = await type('probe x', () => Promise.reject(new Error('port 80 is in use. Mend: free it')));
  assert.equal(other.code, 1);
  assert.equal(other.error, 'sluice probe: port 80 is in use. Mend: free it\n');
});

test('asking for a flag that the table lacks is a defect, not a silent default', async () => {
  const { given } = await type('probe x');
  assert.throws(() => given?.on('kernel'), TypeError);
  assert.throws(() => given?.number('path'), TypeError);
});

test('help wins over everything else typed', async () => {
  for (const words of ['probe --help', 'probe -h', 'probe --wrong --help', 'help probe']) {
    const { code, out, given } = await type(words);
    assert.equal(code, 0, words);
    assert.equal(given, undefined);
    assert.match(out, /^Usage: sluice probe THING \[MORE\] \[FLAG\.\.\.\]\n/);
    for (const part of [
      'Second paragraph.',
      '-p, --port PORT',
      '[default: 80]',
      '[default: 30s]',
      '(text, json)',
      '# look at a',
    ])
      assert.ok(out.includes(part), part);
  }
  for (const words of ['', '--help', '-h', 'help'])
    assert.match((await type(words)).out, /probe +look at one thing/);
});

test('every command has a help text that fits a terminal, with examples, and one --output', async () => {
  for (const command of COMMANDS) {
    let out = '';
    const terminal = { out: (text: string) => void (out += text), error: assert.fail };
    await runCommandLine(COMMANDS, [command.name, '--help'], terminal);
    assert.ok(command.examples.length > 0, command.name);
    assert.ok(command.flags.includes(OUTPUT), `${command.name} has -o`);
    for (const line of out.split('\n')) assert.ok(line.length <= 120, `${command.name}: ${line}`);
    const names = command.flags.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { default: value, type } of command.flags)
      assert.ok(value !== undefined || type === 'boolean' || type === 'text', 'numbers have a default');
  }
});
