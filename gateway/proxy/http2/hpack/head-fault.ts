// Every rule of HPACK and of RFC 9113 section 8 that a header block can break, as a small negative number. What is to be done
// about it depends on its kind: COMPRESSION ends the connection, as the tables of both sides no longer agree; the others end
// the stream, or are answered.

export type HeadFaultKind = 'COMPRESSION' | 'TOO_LARGE' | 'MALFORMED';

const details: string[] = [''];
const kinds: HeadFaultKind[] = ['MALFORMED'];

function fault(kind: HeadFaultKind, detail: string): number {
  kinds.push(kind);
  return -(details.push(detail) - 1);
}

/** What the rule says, for people. */
export function headFaultDetail(fault: number): string {
  return details[-fault] ?? '';
}

export function headFaultKind(fault: number): HeadFaultKind {
  return kinds[-fault] ?? 'MALFORMED';
}

// RFC 7541
export const INTEGER_INVALID: number = fault(
  'COMPRESSION',
  'an integer is cut off or too large (section 5.1)',
);
export const STRING_CUT: number = fault('COMPRESSION', 'a string is cut off (section 5.2)');
export const HUFFMAN_INVALID: number = fault(
  'COMPRESSION',
  'a Huffman-coded string is invalid (section 5.2)',
);
export const INDEX_INVALID: number = fault('COMPRESSION', 'an index names no table entry (section 2.3.3)');
export const RESIZE_TOO_LARGE: number = fault(
  'COMPRESSION',
  'a table size update exceeds the limit (section 6.3)',
);
export const RESIZE_LATE: number = fault(
  'COMPRESSION',
  'a table size update follows a header field (section 4.2)',
);
export const RESIZE_MISSING: number = fault(
  'COMPRESSION',
  'the table size was reduced, and no update says so (section 4.2)',
);

export function isCompressionFault(result: number): boolean {
  return result < 0 && kinds[-result] === 'COMPRESSION';
}

/** A single string is; the head that it stands in becomes HEAD_TOO_LARGE. */
export const STRING_TOO_LONG: number = fault('TOO_LARGE', 'a string is too long');
export const HEAD_TOO_LARGE: number = fault('TOO_LARGE', 'the head is too large');
export const TOO_MANY_HEADERS: number = fault('TOO_LARGE', 'the head has too many header lines');

// RFC 9113
export const NAME_INVALID: number = fault(
  'MALFORMED',
  'a field name is empty, has upper-case letters or holds a byte that is not allowed (section 8.2.1)',
);
export const VALUE_INVALID: number = fault(
  'MALFORMED',
  'a field value holds a control character, or starts or ends with white space (section 8.2.1)',
);
export const CONNECTION_SPECIFIC: number = fault(
  'MALFORMED',
  'a field speaks of the connection, as HTTP/2 has no such fields (section 8.2.2)',
);
export const TE_INVALID: number = fault(
  'MALFORMED',
  'TE is not exactly "trailers", or not in a request (section 8.2.2)',
);
export const PSEUDO_UNKNOWN: number = fault(
  'MALFORMED',
  'a pseudo-header field is unknown, or does not belong here (section 8.3)',
);
export const PSEUDO_DOUBLED: number = fault(
  'MALFORMED',
  'a pseudo-header field is there twice (section 8.3)',
);
export const PSEUDO_LATE: number = fault(
  'MALFORMED',
  'a pseudo-header field follows an ordinary field (section 8.3)',
);
export const METHOD_MISSING: number = fault('MALFORMED', 'there is no :method (section 8.3.1)');
export const METHOD_INVALID: number = fault('MALFORMED', ':method is not a token (section 8.3.1)');
export const SCHEME_MISSING: number = fault('MALFORMED', 'there is no :scheme (section 8.3.1)');
export const SCHEME_INVALID: number = fault('MALFORMED', ':scheme is not a URI scheme (section 8.3.1)');
export const PATH_MISSING: number = fault('MALFORMED', 'there is no :path (section 8.3.1)');
export const PATH_INVALID: number = fault(
  'MALFORMED',
  ':path is neither "/path" nor, for OPTIONS, "*", or holds a byte that is not allowed; percent-encode it (section 8.3.1)',
);
export const AUTHORITY_INVALID: number = fault(
  'MALFORMED',
  ':authority holds a user name or a byte that is not allowed (section 8.3.1)',
);
export const AUTHORITY_MISSING: number = fault('MALFORMED', 'CONNECT without :authority (section 8.5)');
export const HOST_DIFFERS: number = fault(
  'MALFORMED',
  'Host and :authority name different hosts (section 8.3.1)',
);
export const CONNECT_INVALID: number = fault('MALFORMED', 'CONNECT with :scheme or :path (section 8.5)');
export const PROTOCOL_INVALID: number = fault(
  'MALFORMED',
  ':protocol is not a token, or the method is not CONNECT (RFC 8441 section 4)',
);
export const STATUS_MISSING: number = fault('MALFORMED', 'there is no :status (section 8.3.2)');
export const STATUS_INVALID: number = fault(
  'MALFORMED',
  ':status is not a number from 100 to 599, or is 101 (sections 8.3.2 and 8.6)',
);
export const TRAILER_FORBIDDEN: number = fault(
  'MALFORMED',
  'a trailer names a field that must not come after the body (RFC 9110 section 6.5.1)',
);
