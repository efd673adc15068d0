// Tells that something may have changed in a set of directories: inotify through fs.watch, one watch per directory.
// It may speak up too often, and where the system grants no watch it says so; whoever listens looks for himself.
import { watch, type FSWatcher } from 'node:fs';

export class DirectoryWatcher {
  readonly #onEvent: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #refused = false;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Whether a directory could not be watched: then changes in it have to be looked for. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Watches exactly these directories. A directory that was replaced by another of the same name is watched anew. */
  follow(directories: readonly string[]): void {
    const wanted = new Set(directories);
    for (const directory of this.#watchers.keys()) if (!wanted.has(directory)) this.#drop(directory);
    this.#refused = false;
    for (const directory of wanted) this.#add(directory);
  }

  close(): void {
    for (const directory of this.#watchers.keys()) this.#drop(directory);
  }

  #add(directory: string): void {
    if (this.#watchers.has(directory)) return;
    try {
      const watcher = watch(directory, (event, name) => {
        // The directory itself was moved or removed: the watch follows the old one, so it is of no more use.
        if (event === 'rename' && name === directory.split('/').at(-1)) this.#drop(directory);
        this.#onEvent();
      });
      watcher.on('error', () => {
        this.#drop(directory);
        this.#onEvent();
      });
      this.#watchers.set(directory, watcher);
    } catch (error) {
      // ENOSPC or EMFILE: out of watches. ENOENT: gone again, the next look will tell.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#refused = true;
    }
  }

  #drop(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }
}
