// A BPF object in the kernel: all its maps and programs, loaded together or not at all.
import { Attribute } from './attribute.ts';
import { MAP_TYPE } from './map-type.ts';
import { configure, createDataMap, createMap, dataShape, findVariable, mapMismatch } from './map-load.ts';
import type { BpfMap } from './map.ts';
import { ObjectError } from './object-error.ts';
import type { ObjectSpec, ProgramSpec } from './object-spec.ts';
import { BpfProgram } from './program.ts';
import { loadProgram, type LoadContext } from './program-load.ts';
import { bpf, BpfError, closeFd } from './syscall.ts';
import { BpfVariable, SectionMemory, type VariableValue } from './variable.ts';

const LOG_SIZE = 1 << 16;

export interface LoadOptions {
  /** Values of global variables by name ("name" or "struct.member"), in place before the verifier runs. */
  readonly config?: Readonly<Record<string, VariableValue>>;
  /** Maps to use instead of creating them; they stay the caller's to close. Data sections go by ".bss", ".data". */
  readonly maps?: ReadonlyMap<string, BpfMap>;
  /** Sizes that replace the definitions'. */
  readonly maxEntries?: Readonly<Record<string, number>>;
  /** Programs to load. Default: all. */
  readonly programs?: readonly string[];
}

/**
 * Loads maps and programs; nothing stays behind when one of them fails.
 * @throws ObjectError for what the object or the options get wrong, BpfError for a refused map,
 *   ProgramRefused (with the verifier's log) for a refused program
 */
export function loadObject(spec: ObjectSpec, options: LoadOptions = {}): LoadedObject {
  const chosen = choosePrograms(spec, options.programs);
  const contents = configure(spec, options.config ?? {});
  checkNames(spec, options);
  const owned: { close(): void }[] = [];
  try {
    const btfFd = loadBtf(spec);
    owned.push({ close: () => closeFd(btfFd) });
    const maps = new Map<string, BpfMap>();
    const sizes = new Map(Object.entries(options.maxEntries ?? {}));
    const take = (name: string, create: () => BpfMap): void => {
      const given = options.maps?.get(name);
      const map = given ?? create();
      if (given === undefined) owned.push(map);
      maps.set(name, map);
    };
    for (const map of spec.maps.values()) take(map.name, () => createMap(map, btfFd, sizes.get(map.name)));
    const memory = new Map<string, SectionMemory>();
    for (const section of spec.dataSections.values()) {
      take(section.name, () =>
        createDataMap(spec, section, contents.get(section.name) ?? section.initial, btfFd),
      );
      const view = new SectionMemory(get(maps, section.name, spec.name, 'map'), section.readOnly);
      owned.push(view);
      memory.set(section.name, view);
    }
    fill(spec, maps, 'map', (target, into) =>
      // What a given map of maps holds is its owner's.
      options.maps?.has(into) === true ? undefined : get(maps, target, spec.name, 'map').fd,
    );
    const context: LoadContext = { spec, btfFd, maps };
    const programs = new Map<string, BpfProgram>();
    for (const program of chosen) {
      const loaded = BpfProgram.adopt(loadProgram(program, context), program);
      owned.push(loaded);
      programs.set(program.name, loaded);
    }
    fill(spec, maps, 'program', (target) => programs.get(target)?.fd);
    return new LoadedObject(spec, btfFd, maps, programs, memory, owned);
  } catch (error) {
    closeAll(owned);
    throw error;
  }
}

/** Holds the descriptors of everything loaded; what is pinned or attached outlives close(). */
export class LoadedObject {
  readonly spec: ObjectSpec;
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly programs: ReadonlyMap<string, BpfProgram>;
  /** -1 once closed */
  #btfFd: number;
  readonly #memory: ReadonlyMap<string, SectionMemory>;
  readonly #owned: { close(): void }[];

  constructor(
    spec: ObjectSpec,
    btfFd: number,
    maps: ReadonlyMap<string, BpfMap>,
    programs: ReadonlyMap<string, BpfProgram>,
    memory: ReadonlyMap<string, SectionMemory>,
    owned: { close(): void }[],
  ) {
    this.spec = spec;
    this.maps = maps;
    this.programs = programs;
    this.#btfFd = btfFd;
    this.#memory = memory;
    this.#owned = owned;
  }

  /** @throws ObjectError naming the maps that there are */
  map(name: string): BpfMap {
    return get(this.maps, name, this.spec.name, 'map');
  }

  program(name: string): BpfProgram {
    return get(this.programs, name, this.spec.name, 'program');
  }

  /** A global variable: .data and .bss can be read and set while programs run, .rodata only read. */
  variable(name: string): BpfVariable {
    const variable = get(this.spec.variables, name, this.spec.name, 'variable');
    return new BpfVariable(variable, get(this.#memory, variable.section, this.spec.name, 'section'));
  }

  /** A new map that fits into the map-in-map `name`; the caller inserts it (updateFd) and closes it. */
  createInner(name: string, maxEntries?: number): BpfMap {
    const inner = get(this.spec.maps, name, this.spec.name, 'map').inner;
    if (inner === undefined)
      throw new ObjectError(this.spec.name, `map ${name} holds no maps`, 'name a map-in-map');
    return createMap(inner, this.#btfFd, maxEntries);
  }

  /**
   * Closes every descriptor, maps given in the options excepted. The kernel empties a program array when the last
   * descriptor or pin of the array goes: pin it when tail calls must outlive this object.
   */
  close(): void {
    this.#btfFd = -1;
    closeAll(this.#owned);
  }
}

/** Puts the initial values into maps of maps and program arrays; a program that was not chosen leaves its element empty. */
function fill(
  spec: ObjectSpec,
  maps: ReadonlyMap<string, BpfMap>,
  kind: 'map' | 'program',
  fdOf: (target: string, into: string) => number | undefined,
): void {
  for (const value of spec.initialValues) {
    const fd = value.kind === kind ? fdOf(value.target, value.map) : undefined;
    if (fd === undefined) continue;
    const key = Buffer.alloc(4);
    key.writeUInt32LE(value.index);
    get(maps, value.map, spec.name, 'map').updateFd(key, fd);
  }
}

function loadBtf(spec: ObjectSpec): number {
  const attribute = new Attribute().pointer(0, spec.loadableBtf).u32(16, spec.loadableBtf.length);
  const fd = bpf('BPF_BTF_LOAD', attribute);
  if (fd >= 0) return fd;
  const log = Buffer.allocUnsafeSlow(LOG_SIZE).fill(0);
  const again = bpf('BPF_BTF_LOAD', attribute.pointer(8, log).u32(20, LOG_SIZE).u32(24, 1));
  if (again >= 0) return again;
  const reason = log.toString('latin1', 0, log.indexOf(0)).trim().split('\n').at(-1) ?? '';
  throw new BpfError('BPF_BTF_LOAD', -again, `types of ${spec.name}${reason === '' ? '' : ` (${reason})`}`);
}

function choosePrograms(spec: ObjectSpec, names: readonly string[] | undefined): ProgramSpec[] {
  if (names === undefined) return [...spec.programs.values()];
  return names.map((name) => get(spec.programs, name, spec.name, 'program'));
}

/** A misspelt option must not pass unnoticed, and an adopted map must fit. */
function checkNames(spec: ObjectSpec, options: LoadOptions): void {
  for (const name of Object.keys(options.maxEntries ?? {})) {
    const map = get(spec.maps, name, spec.name, 'map');
    if (map.type === MAP_TYPE.SK_STORAGE)
      throw new ObjectError(
        spec.name,
        `map ${name} is socket storage, which has no size`,
        'leave it out of maxEntries',
      );
  }
  for (const [name, map] of options.maps ?? []) {
    const section = spec.dataSections.get(name);
    const shape = section === undefined ? get(spec.maps, name, spec.name, 'map') : dataShape(section);
    const problem = mapMismatch(shape, map);
    if (problem !== undefined)
      throw new ObjectError(spec.name, problem, 'remove the pinned map, or load the object that made it');
  }
  // What a given section holds is its owner's, and .rodata is frozen.
  for (const name of Object.keys(options.config ?? {})) {
    const { section } = findVariable(spec, name);
    if (options.maps?.has(section) === true)
      throw new ObjectError(
        spec.name,
        `variable ${name} lies in ${section}, which was given and keeps its values`,
        'leave it out of config, or do not give the section',
      );
  }
}

function get<T>(from: ReadonlyMap<string, T>, name: string, file: string, what: string): T {
  const found = from.get(name);
  if (found !== undefined) return found;
  throw new ObjectError(
    file,
    `there is no ${what} ${name}`,
    `use one of ${[...from.keys()].join(', ') || '(none)'}`,
  );
}

function closeAll(owned: { close(): void }[]): void {
  for (const item of owned.splice(0).reverse()) item.close();
}
