// The kinds of fields in a header block.

/** An ordinary field. */
export const PLAIN = 0;
/** One that must not come after the body (RFC 9110 section 6.5.1). */
export const NO_TRAILER = 1;
export const COOKIE = 2;
export const HOST = 3;
/** `te: trailers`; any other is a fault. */
export const TE = 4;
/** Pseudo-header fields have the highest kinds. */
export const METHOD = 5;
export const SCHEME = 6;
export const AUTHORITY = 7;
export const PATH = 8;
export const PROTOCOL = 9;
export const STATUS = 10;
/** What the reader of a block returns in place of a kind after the last field. */
export const BLOCK_END = 11;
/** By its name a field speaks of the connection; that is a fault, and so not the kind of any. */
export const CONNECTION = 12;
