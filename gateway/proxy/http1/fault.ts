// Every rule of HTTP/1.1 framing that a message can break, as a small negative number: the scanners return it, the local
// answer and the log turn it into words. A fault in an answer becomes UPSTREAM_PROTOCOL with the same words.
import type { FailureCode } from '../../model/failure.ts';

/** The scanners' other two results. */
export const MORE = 0;
export const DONE = 1;

const details: string[] = ['', ''];
const codes: FailureCode[] = ['BAD_REQUEST', 'BAD_REQUEST'];

function fault(detail: string, code: FailureCode = 'BAD_REQUEST'): number {
  codes.push(code);
  return -(details.push(detail) - 1);
}

/** What the rule says, for people. */
export function faultDetail(fault: number): string {
  return details[-fault] ?? '';
}

export function faultCode(fault: number): FailureCode {
  return codes[-fault] ?? 'BAD_REQUEST';
}

export const METHOD_INVALID: number = fault('the method is not a token (RFC 9110 section 9.1)');
export const TARGET_INVALID: number = fault(
  'the request target holds a byte that is not allowed; percent-encode it (RFC 3986)',
);
export const REQUEST_LINE_INVALID: number = fault(
  'the request line is not "method SP target SP HTTP/1.1 CRLF" (RFC 9112 section 3)',
);
export const NOT_HTTP: number = fault('the first line does not name HTTP', 'NOT_HTTP');
export const VERSION_UNSUPPORTED: number = fault(
  'the HTTP version is neither 1.0 nor 1.1',
  'VERSION_UNSUPPORTED',
);
export const STATUS_LINE_INVALID: number = fault(
  'the status line is not "HTTP/1.1 SP 3 digits SP reason CRLF" (RFC 9112 section 4)',
);
export const NAME_INVALID: number = fault(
  'a header name is empty, holds a byte that is not allowed or is not followed by a colon (RFC 9112 section 5.1)',
);
export const VALUE_INVALID: number = fault('a header value holds a control character (RFC 9110 section 5.5)');
export const LINE_END_INVALID: number = fault('a line does not end with CR LF (RFC 9112 section 2.2)');
export const FOLDED: number = fault('a header line is folded (RFC 9112 section 5.2)');
export const TOO_MANY_HEADERS: number = fault('the head has too many header lines', 'HEAD_TOO_LARGE');
export const HEAD_TOO_LARGE: number = fault('the head is too large', 'HEAD_TOO_LARGE');
export const BODY_TOO_LARGE: number = fault('the body is too large', 'BODY_TOO_LARGE');
export const LENGTH_INVALID: number = fault(
  'Content-Length is not one number of at most 15 digits (RFC 9110 section 8.6)',
);
export const CODING_INVALID: number = fault(
  'Transfer-Encoding is not exactly "chunked" (RFC 9112 section 6.1)',
);
export const LENGTH_AND_CODING: number = fault(
  'both Content-Length and Transfer-Encoding are there (RFC 9112 section 6.3)',
);
export const CODING_IN_1_0: number = fault('Transfer-Encoding in an HTTP/1.0 message (RFC 9112 section 6.1)');
export const CONNECTION_INVALID: number = fault(
  'the Connection header is not a list of at most 32 tokens (RFC 9110 section 7.6.1)',
);
export const HOST_INVALID: number = fault(
  'Host is not a valid name or address with an optional port',
  'BAD_HOST',
);
export const HOST_DOUBLED: number = fault('there is more than one Host header', 'BAD_HOST');
export const HOST_MISSING: number = fault('there is no Host header', 'BAD_HOST');
export const TARGET_FORM_INVALID: number = fault(
  'the request target is neither "/path", "http://host/path" nor, for OPTIONS, "*" (RFC 9112 section 3.2)',
);
export const TARGET_FRAGMENT: number = fault('the request target holds a fragment (#)');
export const ESCAPE_INVALID: number = fault(
  'the path holds a % that is not followed by two hexadecimal digits',
);
export const PATH_NUL: number = fault('the path holds %00');
export const PATH_BACKSLASH: number = fault('the path holds a backslash');
export const PATH_ABOVE_ROOT: number = fault('the path climbs above / with ".."');
export const PATH_HIDDEN_DOTS: number = fault(
  'the path hides "." or ".." beside an encoded slash or a parameter',
);
export const CONNECT_REFUSED: number = fault('CONNECT is not served', 'UPGRADE_REFUSED');
export const WEBSOCKET_REFUSED: number = fault(
  'WebSocket is asked for with GET and without a body (RFC 6455 section 4.1)',
);
export const NOT_SWITCHED: number = fault(
  'the backend was asked for WebSocket and answered with success, but not with 101',
);
export const LENGTH_BROKEN: number = fault(
  'the body is longer or shorter than Content-Length says (RFC 9113 section 8.1.1)',
);
export const HOST_ELSEWHERE: number = fault(
  'the Host is one of another Listener than the server name of the connection (RFC 9110 section 15.5.20)',
  'MISDIRECTED',
);
export const EXPECTATION_UNKNOWN: number = fault('Expect is not "100-continue"', 'EXPECTATION_FAILED');
export const CHUNK_SIZE_INVALID: number = fault(
  'a chunk size is not 1 to 16 hexadecimal digits up to 2^53 (RFC 9112 section 7.1)',
);
export const CHUNK_EXTENSION_INVALID: number = fault(
  'a chunk extension holds a control character or is longer than 256 bytes (RFC 9112 section 7.1.1)',
);
export const CHUNK_END_INVALID: number = fault('a chunk does not end with CR LF (RFC 9112 section 7.1)');
export const TRAILER_INVALID: number = fault('a trailer line is malformed (RFC 9112 section 7.1.2)');
export const TRAILER_FORBIDDEN: number = fault(
  'a trailer line names a field that must not come after the body (RFC 9110 section 6.5.1)',
);
export const TRAILERS_TOO_LARGE: number = fault('the trailers are larger than 8192 bytes', 'HEAD_TOO_LARGE');
export const INTERIM_FLOOD: number = fault('more than 32 interim (1xx) answers');
export const SWITCHED_UNASKED: number = fault('101 without an upgrade having been asked for');
