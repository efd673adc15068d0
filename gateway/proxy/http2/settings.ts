// SETTINGS (RFC 9113 section 6.5, RFC 8441): what the peer has said, checked, and what we say.
import { FLOW_CONTROL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './error-code.ts';
import { FRAME_SIZE, LARGEST_FRAME_SIZE, readNumber, writeNumber } from './frame.ts';
import { DEFAULT_WINDOW } from './flow-window.ts';

export const HEADER_TABLE_SIZE = 1;
export const ENABLE_PUSH = 2;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
const MAX_FRAME_SIZE = 5;
const MAX_HEADER_LIST_SIZE = 6;
export const ENABLE_CONNECT_PROTOCOL = 8;

export const SETTING_SIZE = 6;
const LARGEST_WINDOW = 0x7fff_ffff;
const DEFAULT_TABLE = 4096;
/** No limit until the peer sets one. */
const UNLIMITED = 0xffff_ffff;

export class PeerSettings {
  headerTableSize: number = DEFAULT_TABLE;
  maxStreams: number = UNLIMITED;
  initialWindow: number = DEFAULT_WINDOW;
  maxFrameSize: number = FRAME_SIZE;
  maxHeaderListSize: number = UNLIMITED;
  connectProtocol = false;
  readonly #fromServer: boolean;

  constructor(fromServer: boolean) {
    this.#fromServer = fromServer;
  }

  /** Takes over whole settings; unknown ones are ignored. NO_ERROR or the error of the connection. */
  apply(payload: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at += SETTING_SIZE) {
      const value = readNumber(payload, at + 2);
      const error = this.#set((payload[at]! << 8) | payload[at + 1]!, value);
      if (error !== NO_ERROR) return error;
    }
    return NO_ERROR;
  }

  #set(name: number, value: number): number {
    switch (name) {
      case HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        break;
      case ENABLE_PUSH:
        // A server must not set it to 1 (section 6.5.2).
        if (value > (this.#fromServer ? 0 : 1)) return PROTOCOL_ERROR;
        break;
      case MAX_CONCURRENT_STREAMS:
        this.maxStreams = value;
        break;
      case INITIAL_WINDOW_SIZE:
        if (value > LARGEST_WINDOW) return FLOW_CONTROL_ERROR;
        this.initialWindow = value;
        break;
      case MAX_FRAME_SIZE:
        if (value < FRAME_SIZE || value > LARGEST_FRAME_SIZE) return PROTOCOL_ERROR;
        this.maxFrameSize = value;
        break;
      case MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        break;
      case ENABLE_CONNECT_PROTOCOL:
        if (value > 1 || (value === 0 && this.connectProtocol)) return PROTOCOL_ERROR;
        this.connectProtocol = value === 1;
        break;
      default:
    }
    return NO_ERROR;
  }
}

/** Writes one setting and returns the index after it. */
export function writeSetting(to: Buffer, at: number, name: number, value: number): number {
  to[at] = name >> 8;
  to[at + 1] = name;
  return writeNumber(to, at + 2, value);
}
