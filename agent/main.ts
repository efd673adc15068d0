// The command `sluice`. agent/sluice.mjs starts this file with the Node that the project pins.
import { enableLinearRegexEngine } from '#gateway/regex-engine';
import { runCommandLine } from './cli/command-line.ts';
import { COMMANDS } from './cli/commands.ts';

enableLinearRegexEngine();

// Whoever reads the output may stop reading (`sluice analyze DIR | head`); that must not end a proxy that serves.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
});
