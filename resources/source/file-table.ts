// The manifest files of a directory as last read: for each its newest content, and the last content without errors.
import { readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { makeFinding, type Finding } from '../finding.ts';
import { readManifestFile, type ManifestFile } from './manifest-file.ts';
import { reasonOf, type Scan, type ScannedFile } from './scan.ts';

const MAX_BYTES = 32 * 1024 * 1024;
/** File times are as coarse as the kernel's tick: a file changed this shortly (ms) before it was read is read again. */
const RACY = 100;
/** A file changed this shortly (ms) before is probably still being written ... */
const WRITING = 15;
/** ... and an empty one that was not empty before, for this long: editors truncate, then write. */
const EMPTY = 800;
/** But nobody writes for longer than this (ms) without a pause. */
const PATIENCE = 2000;

interface Entry {
  readonly stamp: string;
  /** Whether a later change may hide behind the same stamp. */
  readonly racy: boolean;
  readonly current: ManifestFile;
  readonly good: ManifestFile | undefined;
  /** Why the newest content is not known. */
  readonly failure: string | undefined;
  /** Since when (ms) a change is held back. */
  readonly waiting: number | undefined;
}

export interface FileUpdate {
  /** Whether anything was read. */
  readonly changed: boolean;
  /** False when a file is left for the next time. */
  readonly settled: boolean;
}

export class FileTable {
  #entries: ReadonlyMap<string, Entry> = new Map();

  /** What is served of each file, with its findings; sorted by path. */
  all(): readonly ManifestFile[] {
    return [...this.#entries.values()].map((entry) => withFindings(entry));
  }

  /** What is served of one file. */
  served(path: string): ManifestFile | undefined {
    const entry = this.#entries.get(path);
    return entry?.good ?? entry?.current;
  }

  /**
   * Reads what changed. Keeps everything when the root cannot be read or holds no file any more, and what stands below
   * a directory that cannot be read. `patient`: a file that seems half written is left for the next time.
   */
  update(scan: Scan, patient: boolean): FileUpdate {
    const lost = scan.vanished !== undefined || (scan.files.length === 0 && scan.unreadable.length === 0);
    if (lost) return { changed: false, settled: true };
    const entries = new Map<string, Entry>();
    for (const file of scan.files) {
      const entry = readEntry(file, this.#entries.get(file.path), patient);
      // undefined: deleted since the scan.
      if (entry !== undefined) entries.set(file.path, entry);
    }
    for (const { path, reason } of scan.unreadable) this.#keep(path, reason, entries);
    const before = this.#entries;
    const changed =
      entries.size !== before.size || [...entries].some(([path, entry]) => before.get(path) !== entry);
    if (changed) this.#entries = new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { changed, settled: [...entries.values()].every((entry) => entry.waiting === undefined) };
  }

  #keep(path: string, reason: string, entries: Map<string, Entry>): void {
    let found = false;
    for (const [known, entry] of this.#entries) {
      if (known !== path && !known.startsWith(path + sep)) continue;
      const same = entry.stamp === '' && entry.failure === reason;
      entries.set(known, same ? entry : { ...entry, stamp: '', failure: reason, waiting: undefined });
      found = true;
    }
    if (!found) entries.set(path, failed(path, reason));
  }
}

function readEntry(file: ScannedFile, before: Entry | undefined, patient: boolean): Entry | undefined {
  if (before?.stamp === file.stamp && !before.racy) return before;
  const now = Date.now();
  const age = now - file.changed;
  const waiting = before?.waiting ?? now;
  const mayWait = patient && before !== undefined && now - waiting < PATIENCE;
  if (mayWait && before.stamp !== file.stamp && age < WRITING) return { ...before, racy: true, waiting };
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = reasonOf(error);
    return before === undefined
      ? { ...failed(file.path, reason), stamp: file.stamp }
      : { ...before, stamp: file.stamp, racy: false, failure: reason, waiting: undefined };
  }
  if (mayWait && text.trim() === '' && before.current.text.trim() !== '' && age < EMPTY)
    return { ...before, racy: true, waiting };
  const same = before !== undefined && before.failure === undefined && before.current.text === text;
  const current = same ? before.current : readManifestFile(file.path, text, before?.current);
  return {
    stamp: file.stamp,
    racy: age < RACY,
    current,
    good: current.bad ? before?.good : current,
    failure: undefined,
    waiting: undefined,
  };
}

/** Throws an Error that says why not. */
function readText(file: ScannedFile): string {
  if (file.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES / 1024 / 1024} MiB`);
  const bytes = readFileSync(file.path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('not UTF-8 text');
  }
}

function failed(path: string, reason: string): Entry {
  const nothing = readManifestFile(path, '');
  return { stamp: '', racy: false, current: nothing, good: undefined, failure: reason, waiting: undefined };
}

function withFindings(entry: Entry): ManifestFile {
  const { current, good, failure } = entry;
  const served = good ?? current;
  const stale = failure !== undefined || current !== served;
  if (!stale) return served;
  const findings: Finding[] = failure === undefined ? [...current.findings] : [];
  if (failure !== undefined) findings.push(makeFinding('SLU0113', { file: current.path, message: failure }));
  if (good !== undefined)
    findings.push(
      makeFinding('SLU0114', {
        file: current.path,
        message: `the file's last good content (${good.objects.length} objects) goes on being served`,
      }),
    );
  return { ...served, findings };
}
