// Memory of a whole session of processes, read from /proc.
import { readFileSync } from 'node:fs';
import { listSession } from './session.ts';

export interface Memory {
  /** Pages in memory, shared ones included. */
  readonly rssBytes: number;
  /** Pages that are its own alone: what would be free without it (Private_Clean and Private_Dirty of smaps_rollup, proc(5)). */
  readonly privateBytes: number;
}

/** Throws when the kernel does not tell. */
export function readMemory(leader: number): Memory {
  const texts = listSession(leader).map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const sum = (field: RegExp): number =>
    texts.reduce((total, text) => total + sumKilobytes(text, field) * 1024, 0);
  return { rssBytes: sum(/^Rss: +(\d+) kB$/gm), privateBytes: sum(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm) };
}

function sumKilobytes(text: string, field: RegExp): number {
  return [...text.matchAll(field)].reduce((total, [, number]) => total + Number(number), 0);
}
