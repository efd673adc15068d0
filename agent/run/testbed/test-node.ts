// What a test on the real kernel needs and must leave clean: a cgroup, a place for state, clients inside the cgroup.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Datapath } from '#datapath/datapath';
import { makeCgroup, type SandboxCgroup } from '#datapath/fixture/sandbox-cgroup';
import { TestClient } from './test-client.ts';

export class TestNode {
  readonly cgroup: SandboxCgroup = makeCgroup();
  readonly #parent = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  readonly state: string = join(this.#parent, 'state');
  readonly #clients: TestClient[] = [];

  /** Flags of `sluice run`. */
  get flags(): readonly string[] {
    return ['--cgroup', this.cgroup.path, '--state', this.state];
  }

  /** A process that the kernel steers. */
  async client(): Promise<TestClient> {
    const client = await TestClient.start();
    this.#clients.push(client);
    this.cgroup.add(client.pid);
    return client;
  }

  /** Fails when a `sluice run` that ended in order has left something of itself. */
  assertClean(): void {
    assert.ok(!existsSync(this.state), `${this.state} was left behind`);
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(this.state), 'a mount was left behind');
  }

  /** Every process must be gone. Takes away what a failed test left. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    if (existsSync(this.state))
      Datapath.open({ cgroup: this.cgroup.path, state: this.state }).close({ keep: false });
    await this.cgroup.remove();
    rmdirSync(this.#parent);
  }
}
