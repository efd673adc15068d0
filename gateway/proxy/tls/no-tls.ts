// Stands where TLS should be and cannot: the connection fails as one whose handshake fails, and nothing is sent on it.
import { EPROTO } from '#native/errno';
import type { Bytes, Secure } from '../channel.ts';

export class NoTls implements Secure {
  readonly errno: number = EPROTO;
  readonly drained = true;
  readonly wantsWrite = false;
  readonly failure: string;
  preface: Bytes | null = null;

  constructor(reason: string) {
    this.failure = reason;
  }

  attach(): void {}

  handshake(): number {
    return -1;
  }

  recv(): number {
    return -1;
  }

  send(): number {
    return -1;
  }

  end(): boolean {
    return true;
  }

  free(): void {}
}
