// Longest-prefix search over whole path elements, without allocating: a radix tree on characters.
//
//   prefixes /shop, /shop/cart, /shoes      (root) ── "/sho" ─┬─ "p"* ── "/cart"*
//   (* ends a prefix)                                         └─ "es"*
//
// A prefix that ends inside the path counts only where an element ends: /shop matches /shop and /shop/x, not /shops.
// Entries know the next shorter prefix that also matches, so a caller can fall back without searching again.

const SLASH = 0x2f;

export interface PrefixEntry<T> {
  /** '' stands for '/': it matches every path that starts with a slash. */
  readonly prefix: string;
  readonly value: T;
  /** The longest strictly shorter prefix made of whole elements of this one. */
  readonly shorter: PrefixEntry<T> | undefined;
}

interface Node<T> {
  label: string;
  entry: PrefixEntry<T> | undefined;
  /** First character codes of `children`, at the same index. */
  codes: number[];
  children: Node<T>[];
}

export class PathTrie<T> {
  readonly #root: Node<T> = createNode('', undefined);

  /** Keys are prefixes of the Gateway API: '/' or without a trailing slash. */
  constructor(values: ReadonlyMap<string, T>) {
    const entries = new Map<string, PrefixEntry<T>>();
    // Shortest first, so that `shorter` exists already.
    const prefixes = [...values].sort(([a], [b]) => a.length - b.length);
    for (const [key, value] of prefixes) {
      const prefix = key === '/' ? '' : key;
      const entry = { prefix, value, shorter: findShorter(prefix, entries) };
      entries.set(prefix, entry);
      insert(this.#root, prefix, entry);
    }
  }

  /** The longest prefix of `path`, or undefined. */
  find(path: string): PrefixEntry<T> | undefined {
    const end = path.length;
    let node = this.#root;
    let depth = 0;
    let best: PrefixEntry<T> | undefined;
    for (;;) {
      const code = depth < end ? path.charCodeAt(depth) : SLASH;
      if (node.entry !== undefined && code === SLASH) best = node.entry;
      if (depth >= end) return best;
      const next = childOf(node, code);
      if (next === undefined) return best;
      const { label } = next;
      if (depth + label.length > end) return best;
      for (let i = 1; i < label.length; i++) {
        if (label.charCodeAt(i) !== path.charCodeAt(depth + i)) return best;
      }
      depth += label.length;
      node = next;
    }
  }
}

function createNode<T>(label: string, entry: PrefixEntry<T> | undefined): Node<T> {
  return { label, entry, codes: [], children: [] };
}

function childOf<T>(node: Node<T>, code: number): Node<T> | undefined {
  const { codes } = node;
  for (let i = 0; i < codes.length; i++) if (codes[i] === code) return node.children[i];
  return undefined;
}

function findShorter<T>(
  prefix: string,
  entries: ReadonlyMap<string, PrefixEntry<T>>,
): PrefixEntry<T> | undefined {
  for (let slash = prefix.lastIndexOf('/'); slash >= 0; slash = prefix.lastIndexOf('/', slash - 1)) {
    const entry = entries.get(prefix.slice(0, slash));
    if (entry !== undefined) return entry;
    if (slash === 0) break;
  }
  return undefined;
}

function insert<T>(root: Node<T>, key: string, entry: PrefixEntry<T>): void {
  let node = root;
  let rest = key;
  while (rest !== '') {
    const child = childOf(node, rest.charCodeAt(0));
    if (child === undefined) {
      node.codes.push(rest.charCodeAt(0));
      node.children.push(createNode(rest, entry));
      return;
    }
    const shared = countShared(child.label, rest);
    if (shared < child.label.length) split(child, shared);
    node = child;
    rest = rest.slice(shared);
  }
  node.entry = entry;
}

/** Cuts a node's label in two; the node keeps the first part, a new child takes all it had. */
function split<T>(node: Node<T>, at: number): void {
  const lower = { ...node, label: node.label.slice(at) };
  node.label = node.label.slice(0, at);
  node.entry = undefined;
  node.codes = [lower.label.charCodeAt(0)];
  node.children = [lower];
}

function countShared(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}
