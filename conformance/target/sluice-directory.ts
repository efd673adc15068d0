// Sluice on a directory of manifests that a suite writes itself, where what all gateways have in common is not enough.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT } from '../machine/checkout.ts';
import { awaitPort, findFreePorts } from '../machine/port.ts';
import { Program } from '../machine/program.ts';

const READY_MS = 20_000;
const PAUSE_MS = 20;

/** A Kubernetes object; JSON is YAML. */
export type Manifest = Readonly<Record<string, unknown>>;

export interface SluiceOptions {
  /** An existing folder, in which a new one is made. */
  readonly parent: string;
  /** By file name without its ending. */
  readonly files: Readonly<Record<string, readonly Manifest[]>>;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class SluiceDirectory implements AsyncDisposable {
  readonly folder: string;
  readonly program: Program;
  readonly admin: string;

  /** Resolves when the first revision serves. Throws with the end of its log when it does not. */
  static async start({ parent, files, flags = [], env = {} }: SluiceOptions): Promise<SluiceDirectory> {
    const folder = mkdtempSync(join(parent, 'sluice-'));
    for (const [name, manifests] of Object.entries(files)) writeManifests(folder, name, manifests);
    const [admin = 0] = await findFreePorts(1);
    const usual = ['--workers', '1', '--bind', '127.0.0.1', '--admin-port', String(admin), '--no-datapath'];
    const program = new Program(
      'sluice',
      [NODE, join(ROOT, 'agent/main.ts'), 'run', folder, ...usual, ...flags],
      {
        env: { ...process.env, ...env },
      },
    );
    try {
      await awaitPort(program, admin);
      for (
        let waited = 0;
        !/^ready: /m.test(program.log) && program.running && waited < READY_MS;
        waited += PAUSE_MS
      )
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } catch (error) {
      await program.stop();
      throw error;
    }
    return new SluiceDirectory(folder, program, `http://127.0.0.1:${admin}`);
  }

  private constructor(folder: string, program: Program, admin: string) {
    this.folder = folder;
    this.program = program;
    this.admin = admin;
  }

  write(name: string, manifests: readonly Manifest[]): void {
    writeManifests(this.folder, name, manifests);
  }

  writeText(name: string, text: string): void {
    writeText(this.folder, name, text);
  }

  remove(name: string): void {
    rmSync(join(this.folder, `${name}.yaml`), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.stop();
  }
}

function writeManifests(folder: string, name: string, manifests: readonly Manifest[]): void {
  writeText(folder, name, manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'));
}

/** Renamed into place, so that it is never read half written. */
function writeText(folder: string, name: string, text: string): void {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
