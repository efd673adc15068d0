// The cases of suite http1: one file a family. `open/` is the corpus whose scores of other proxies are known; `own/` is ours.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { ByteText } from './byte-text.ts';

/** HTTP/1.1 bytes to the gateway. */
export interface RequestCase {
  readonly kind: 'request';
  readonly id: string;
  /** Which attack it is. */
  readonly about?: string;
  readonly bytes: ByteText;
  /**
   * reject: refused, and nothing complete reaches the backend. accept: all requests reach it and get 200. bad-body: no complete
   * request reaches it, and no 200 comes back. safe: either way, as long as what is forwarded is clean.
   */
  readonly expect: 'reject' | 'accept' | 'bad-body' | 'safe';
  /** How many requests it is; default 1. */
  readonly requests?: number;
  /** The second request, to /smug/, is one in its own right. */
  readonly second?: boolean;
  /** Text that must not reach the backend, in any case of letters. */
  readonly forbid?: string;
  /** Text that must reach it in the head, if anything does. */
  readonly require?: string;
}

/** Bytes that a backend answers with. */
export interface ResponseCase {
  readonly kind: 'response';
  readonly id: string;
  readonly bytes: ByteText;
  /**
   * A number: that status. clean-or-502: nothing malformed is passed on. incomplete: the client must see that it was cut off.
   * no-poison: the bytes after the answer must not become the answer to another request.
   */
  readonly expect: number | 'clean-or-502' | 'incomplete' | 'no-poison';
  /** What the backend does after them: close, or hold the connection open without a word; default: go on. */
  readonly end?: 'close' | 'hold';
}

type Field = readonly [name: ByteText, value: ByteText];

/** One HTTP/2 request; fields are literals, never compressed. */
export interface Http2Case {
  readonly kind: 'http2';
  readonly id: string;
  readonly expect: RequestCase['expect'];
  readonly fields: readonly Field[];
  readonly body?: ByteText;
  readonly trailers?: readonly Field[];
  readonly about?: string;
  readonly forbid?: string;
}

/** Conversations that need a program: the name says which. The gateway must stay alive. */
export interface NamedCase {
  readonly kind: 'flood' | 'load' | 'tls';
  readonly id: string;
  readonly name: string;
}

export type CorpusCase = RequestCase | ResponseCase | Http2Case | NamedCase;

export interface Family {
  readonly family: string;
  readonly about: string;
  readonly cases: readonly CorpusCase[];
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Sorted by family. Throws when a file is not JSON. */
export function loadCorpus(which: 'open' | 'own'): readonly Family[] {
  const folder = join(FOLDER, which);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Family);
}
