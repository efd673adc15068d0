// One line of a head that is to be encoded, taken apart. One object per worker is filled anew for each line.
import { COLON, CR, HTAB, SP } from '../../http1/octets.ts';

export class HeaderLine {
  start = 0;
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** First byte after CR LF. */
  end = 0;

  /** Reads "name: value CR LF". Without CR or colon before `end` the line ends there. */
  read(text: Buffer, start: number, end: number): void {
    let i = start;
    while (i < end && text[i] !== COLON) i++;
    this.start = start;
    this.nameEnd = i++;
    while (i < end && isBlank(text[i]!)) i++;
    this.valueStart = i;
    while (i < end && text[i] !== CR) i++;
    this.end = i + 2;
    while (i > this.valueStart && isBlank(text[i - 1]!)) i--;
    this.valueEnd = i;
  }

  /** Reads "target HTTP/1.1 CR LF": the target is the value. */
  readTarget(text: Buffer, start: number, end: number): void {
    let i = start;
    while (i < end && text[i] !== SP) i++;
    this.start = start;
    this.nameEnd = start;
    this.valueStart = start;
    this.valueEnd = i;
    while (i < end && text[i] !== CR) i++;
    this.end = i + 2;
  }
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
