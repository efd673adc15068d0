// A temporary directory of YAML.
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class TestDirectory {
  readonly path: string;

  /** Readable for every user who can reach `parent`. */
  constructor(parent: string = tmpdir()) {
    this.path = mkdtempSync(join(parent, 'sluice-run-'));
    chmodSync(this.path, 0o755);
  }

  /** Replaces a file in one step, as editors do. */
  write(name: string, text: string): void {
    const path = join(this.path, name);
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  }

  remove(name: string): void {
    rmSync(join(this.path, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
