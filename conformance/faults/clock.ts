// The clock of the machine jumps by an hour, forwards and back: timers go by the monotonic clock, and nobody notices. The jump is
// made for one process, by libfaketime in front of the C library.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Load, USUAL_LOAD } from '../drain/load.ts';
import { renderLoad, summariseLoad } from '../drain/load-summary.ts';
import { Origin } from '../drain/origin.ts';
import { NODE } from '../machine/checkout.ts';
import { installCommands } from '../machine/install.ts';
import { openTarget } from '../target/open-target.ts';
import { pause, type Fault } from './fault.ts';

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
);
const JUMPS = ['+1h', '-1h', '+0'];

export const clockJump: Fault = {
  name: '16 clock jump',
  sluiceOnly: true,
  async run(context) {
    try {
      installCommands([{ command: 'faketime', package: 'faketime' }], context.say);
    } catch (error) {
      return [{ id: 'all', wrong: [], skipped: String(error) }];
    }
    const library = LIBRARIES.find((path) => existsSync(path));
    const file = join(context.folder, 'clock');
    const env = {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    };
    writeFileSync(file, '+1h\n');
    const shown = spawnSync(NODE, ['-p', 'Date.now()'], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    if (Math.abs(Number(shown.stdout) - Date.now() - 3_600_000) > 60_000)
      return [{ id: 'all', wrong: [], skipped: 'libfaketime does not reach the clock of Node here' }];
    writeFileSync(file, '+0\n');
    await using origin = await Origin.open('a');
    await using gateway = await openTarget(
      context,
      [{ prefix: '/', protocol: 'http1', backends: [origin.port] }],
      { env },
    );
    const load = new Load({ port: gateway.ports.http, ...USUAL_LOAD });
    for (const jump of JUMPS) {
      await pause(1200);
      writeFileSync(file, `${jump}\n`);
    }
    await pause(1200);
    const summary = summariseLoad(await load.stop());
    const wrong = [
      ...summary.reasons,
      ...(summary.idleCloses === 0 ? [] : [`${summary.idleCloses} idle closes`]),
    ];
    return [{ id: `${JUMPS.join(', ')} under load`, wrong, figures: renderLoad(summary) }];
  },
};
