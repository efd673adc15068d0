// A network namespace made by the bench and for it, so that no rule of a packet filter touches the machine's own network.
import { spawnSync } from 'node:child_process';

export class NetworkNamespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** With loopback up. Throws with ip's words. */
  static create(name: string): NetworkNamespace {
    execute(['ip', 'netns', 'add', name]);
    const namespace = new NetworkNamespace(name);
    namespace.run(['ip', 'link', 'set', 'lo', 'up']);
    return namespace;
  }

  /** Not `ip netns exec`, which would hide /sys/fs/cgroup and /sys/fs/bpf behind a /sys of its own. */
  command(command: readonly string[]): string[] {
    return ['nsenter', `--net=/run/netns/${this.name}`, '--', ...command];
  }

  /** Runs to its end, with `input` on standard input. Throws with the command's words. */
  run(command: readonly string[], input?: string): void {
    execute(this.command(command), input);
  }

  remove(): void {
    execute(['ip', 'netns', 'delete', this.name]);
  }
}

function execute(command: readonly string[], input?: string): void {
  const [program, ...args] = command;
  const { status, stderr, error } = spawnSync(program!, args, {
    encoding: 'utf8',
    ...(input === undefined
      ? { stdio: ['ignore', 'ignore', 'pipe'] }
      : { input, stdio: ['pipe', 'ignore', 'pipe'] }),
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
