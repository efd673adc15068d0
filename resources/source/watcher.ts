// Tells that something may have changed in a set of directories: inotify through fs.watch, one watch per directory.
// It may speak up too often, and where the system grants no watch it says so; whoever listens looks for himself.
import { watch, type FSWatcher } from 'node:fs';

export interface WatchedDirectory {
  readonly path: string;
  /** Differs when the path leads to another directory than before: a watch stays with the old one. */
  readonly id: string;
  /** The only name in it that matters, if just one does. */
  readonly only?: string;
}

interface Watch {
  readonly id: string;
  readonly watcher: FSWatcher;
}

export class DirectoryWatcher {
  readonly #onEvent: () => void;
  readonly #watches = new Map<string, Watch>();
  #refused = false;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Whether a directory could not be watched: then changes in it have to be looked for. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Watches exactly these directories. */
  follow(directories: readonly WatchedDirectory[]): void {
    const wanted = new Map(directories.map((directory) => [directory.path, directory.id]));
    for (const [path, { id }] of this.#watches) if (wanted.get(path) !== id) this.#drop(path);
    this.#refused = false;
    for (const directory of directories) if (!this.#watches.has(directory.path)) this.#add(directory);
  }

  close(): void {
    for (const path of this.#watches.keys()) this.#drop(path);
  }

  #add({ path, id, only }: WatchedDirectory): void {
    try {
      const watcher = watch(path, (_event, name) => {
        if (only === undefined || name === null || name === only) this.#onEvent();
      });
      watcher.on('error', () => {
        this.#drop(path);
        this.#onEvent();
      });
      this.#watches.set(path, { id, watcher });
    } catch (error) {
      // ENOSPC or EMFILE: out of watches. ENOENT: gone again, the next look will tell.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#refused = true;
    }
  }

  #drop(path: string): void {
    this.#watches.get(path)?.watcher.close();
    this.#watches.delete(path);
  }
}
