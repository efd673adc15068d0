// The running kernel's own types (/sys/kernel/btf/vmlinux), where kfuncs and tracing targets have their ids.
import { readFileSync } from 'node:fs';
import { Btf, KIND } from './btf.ts';
import { ObjectError } from './object-error.ts';

export const KERNEL_BTF = '/sys/kernel/btf/vmlinux';

/** Some 5 MB and 150,000 types: open it for one load, then let it go. */
export class KernelBtf {
  readonly #btf: Btf;

  private constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** @throws ObjectError when the kernel shows no BTF, or none that can be read */
  static open(path: string = KERNEL_BTF): KernelBtf {
    return new KernelBtf(Btf.read(readTypes(path), path));
  }

  get count(): number {
    return this.#btf.count;
  }

  /** Id of a type by name and kind (KIND.FUNC, VAR, TYPEDEF, STRUCT), or undefined when the kernel has none. */
  find(name: string, kind: number): number | undefined {
    // Strings are deduplicated, so a name has one offset and the types need no decoding.
    const offset = this.#btf.strings.indexOf(`\0${name}\0`, 0, 'latin1') + 1;
    if (offset === 0) return undefined;
    for (let id = 1; id < this.#btf.count; id++)
      if (this.#btf.nameOffset(id) === offset && this.#btf.kind(id) === kind) return id;
    return undefined;
  }

  /** What a program of this section attaches to: `btf_trace_x` is a typedef, everything else a function. */
  findTarget(target: { readonly name: string; readonly kind: 'typedef' | 'function' }): number | undefined {
    return this.find(target.name, target.kind === 'typedef' ? KIND.TYPEDEF : KIND.FUNC);
  }
}

function readTypes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new ObjectError(
      path,
      `the kernel shows no types (${code})`,
      'use a kernel with CONFIG_DEBUG_INFO_BTF=y, and mount sysfs on /sys',
    );
  }
}
