// How the body of a message is handed from one half of an exchange to the other.

/** The head says its length, or that there is none; bytes are the body's. */
export const LENGTH = 0;
/** Chunks as they came, checked, with their sizes and trailers (RFC 9112 section 7.1): for a half that `takesChunks`. */
export const CHUNKS = 1;
/** Only the body's own bytes; the end is told. */
export const DATA = 2;
/** No HTTP any more: bytes of another protocol, both ways (101, or extended CONNECT). */
export const TUNNEL = 3;

export type Framing = typeof LENGTH | typeof CHUNKS | typeof DATA | typeof TUNNEL;
