// Kubernetes manifests in a directory, watched. A change of any number of files is one new state; what is broken is
// reported and does not replace what worked: a bad file keeps its last good content, a vanished directory its last state.
import { basename, dirname } from 'node:path';
import { makeFinding, type Finding } from '../finding.ts';
import { EMPTY_RESOURCES } from '../store/resources.ts';
import { parsePath } from '../validate/problem.ts';
import { FileTable } from './file-table.ts';
import { locateInFile } from './manifest-file.ts';
import { ObjectTable } from './object-table.ts';
import { scanDirectory, type Scan } from './scan.ts';
import type { Place, SourceResult } from './source.ts';
import { DirectoryWatcher, type WatchedDirectory } from './watcher.ts';

/** A burst of changes ends when nothing happens for this long (ms) ... */
const QUIET = 40;
/** ... or is taken as far as it got after this long, so that a file written all the time is not waited for for ever. */
const LONGEST = 400;
/** How often to look although nothing was heard: network file systems and overlays lose events. */
const POLL = 5000;
const POLL_WITHOUT_WATCH = 1000;
/** A tree that changes while it is read is read again, at most this often. */
const ROUNDS = 5;

export class DirectorySource {
  readonly #directory: string;
  readonly #files = new FileTable();
  readonly #objects = new ObjectTable();
  /** What the files hold; `#stale`: they changed since. */
  #read: SourceResult = { resources: EMPTY_RESOURCES, findings: [] };
  #stale = false;
  #result: SourceResult | undefined;
  #findings = '';
  #onChange: ((result: SourceResult) => void) | undefined;
  #watcher: DirectoryWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #burst = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** `directory` may be a single file; it need not exist yet. */
  static open(directory: string): DirectorySource {
    return new DirectorySource(directory);
  }

  /** Reads whatever stands there now. Never throws on what it finds. */
  load(): SourceResult {
    this.#refresh(false);
    return this.#current();
  }

  /** Calls back with each new state: other resources or other findings than the last, from load or callback. */
  watch(onChange: (result: SourceResult) => void): void {
    this.close();
    if (this.#result === undefined) this.load();
    this.#onChange = onChange;
    this.#watcher = new DirectoryWatcher(() => this.#schedule());
    // What changed between load and now.
    this.#look();
  }

  /** Where a field of a served object was written: locate('HTTPRoute shop/cart', 'spec.rules[0].matches'). */
  locate(object: string, fieldPath = ''): Place | undefined {
    const found = this.#objects.find(object);
    const file = found === undefined ? undefined : this.#files.served(found.file);
    if (found === undefined || file === undefined) return undefined;
    return locateInFile(file, found, parsePath(fieldPath) ?? []);
  }

  /** Ends watching; the last state can still be read. */
  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#poll);
    this.#timer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#onChange = undefined;
  }

  #current(): SourceResult {
    return this.#result ?? this.#read;
  }

  #schedule(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#burst = now;
    else clearTimeout(this.#timer);
    const left = Math.max(this.#burst + LONGEST - now, 0);
    this.#timer = setTimeout(() => this.#look(), Math.min(QUIET, left));
  }

  #look(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#poll);
    this.#timer = undefined;
    const before = this.#result;
    const settled = this.#refresh(true);
    const result = this.#current();
    if (!settled) this.#schedule();
    this.#poll = setTimeout(() => this.#look(), this.#watcher?.refused === true ? POLL_WITHOUT_WATCH : POLL);
    // Last: the callback may close the source.
    if (result !== before) this.#onChange?.(result);
  }

  /** False when a file seems to be in the middle of being written. */
  #refresh(patient: boolean): boolean {
    let settled = true;
    let scan = scanDirectory(this.#directory);
    for (let round = 0; round < ROUNDS; round++) {
      this.#watcher?.follow(toWatch(this.#directory, scan));
      const update = this.#files.update(scan, patient);
      settled = update.settled;
      if (!update.changed) break;
      const after = scanDirectory(this.#directory);
      this.#stale = true;
      if (sameTree(scan, after)) break;
      scan = after;
    }
    if (this.#stale) this.#read = this.#objects.update(this.#files.all());
    this.#stale = false;
    const findings = [...this.#directoryFindings(scan), ...this.#read.findings];
    const text = JSON.stringify(findings);
    if (this.#result?.resources !== this.#read.resources || this.#findings !== text) {
      this.#result = Object.freeze({ resources: this.#read.resources, findings: Object.freeze(findings) });
      this.#findings = text;
    }
    return settled;
  }

  #directoryFindings(scan: Scan): readonly Finding[] {
    const file = this.#directory;
    const findings: Finding[] = [];
    const kept = this.#files.all().reduce((sum, one) => sum + one.objects.length, 0);
    if (scan.vanished !== undefined)
      findings.push(
        makeFinding('SLU0115', {
          file,
          message: `the directory cannot be read (${scan.vanished})${kept > 0 ? `; its last ${kept} objects go on being served` : ''}`,
        }),
      );
    else if (scan.files.length === 0)
      findings.push(
        makeFinding('SLU0116', {
          file,
          message: `no *.yaml, *.yml or *.json file in it${kept > 0 ? `; its last ${kept} objects go on being served` : ''}`,
        }),
      );
    if (this.#watcher?.refused === true)
      findings.push(makeFinding('SLU0118', { file, message: 'changes are found by looking every second' }));
    return findings;
  }
}

/** The directories read, and the one above, which tells when the root itself is replaced. */
function toWatch(root: string, scan: Scan): readonly WatchedDirectory[] {
  return [{ path: dirname(root), id: '', only: basename(root) }, ...scan.directories];
}

function sameTree(a: Scan, b: Scan): boolean {
  return (
    a.vanished === b.vanished &&
    a.files.length === b.files.length &&
    a.files.every((file, index) => file.stamp === b.files[index]?.stamp && file.path === b.files[index]?.path)
  );
}
