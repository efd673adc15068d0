// The live table of the quick start: redrawn in place on a terminal, a line a second elsewhere.
import type { Summary } from './tally.ts';

const BAR = 30;

export interface TableView {
  readonly summary: Summary;
  readonly perSecond: number;
  readonly reason: string | undefined;
  readonly kernel: string;
  readonly edit: string;
}

export class Table {
  readonly #terminal: NodeJS.WriteStream;
  #lines = 0;

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
  }

  draw(view: TableView): void {
    if (!this.#terminal.isTTY) {
      this.#terminal.write(`${renderLine(view)}\n`);
      return;
    }
    const lines = renderTable(view);
    if (this.#lines > 0) this.#terminal.write(`\u001b[${this.#lines}F\u001b[J`);
    this.#terminal.write(`${lines.join('\n')}\n`);
    this.#lines = lines.length;
  }
}

export function renderTable({ summary, perSecond, reason, kernel, edit }: TableView): string[] {
  const versions = Object.entries(summary.shares).map(([version, share]) => {
    const bar = '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.');
    return `  ${version.padEnd(8)} ${bar} ${(share * 100).toFixed(2).padStart(6)} %`;
  });
  return [
    '',
    `  requests ${summary.requests}   ${perSecond.toFixed(0)}/s   failed ${summary.failed}${reason === undefined ? '' : ` (last: ${reason})`}`,
    ...versions,
    `  latency  p50 ${milliseconds(summary.p50us)}   p99 ${milliseconds(summary.p99us)}`,
    `  kernel   ${kernel}`,
    '',
    `  move the canary: ${edit}`,
    '  Ctrl-C ends it and leaves nothing behind',
  ];
}

export function renderLine({ summary, kernel }: TableView): string {
  const shares = Object.entries(summary.shares).map(
    ([version, share]) => `${version} ${(share * 100).toFixed(2)} %`,
  );
  return `${summary.requests} requests, ${summary.failed} failed, ${shares.join(', ')}, p50 ${milliseconds(summary.p50us)}, p99 ${milliseconds(summary.p99us)}, ${kernel}`;
}

function milliseconds(us: number): string {
  return `${(us / 1000).toFixed(2)} ms`;
}
