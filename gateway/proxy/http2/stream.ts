// What both halves of an exchange have in common as streams of HTTP/2: windows, and what waits to be sent. Objects are used
// again for later streams.
import type { Bytes } from '../channel.ts';
import { Stash } from '../http1/stash.ts';
import { ReceiveWindow, SendWindow } from './flow-window.ts';

export abstract class Stream {
  /** 0 while unused. */
  id = 0;
  readonly send: SendWindow = new SendWindow();
  readonly receive: ReceiveWindow = new ReceiveWindow(0);
  /** Data that the windows or the connection do not take yet. */
  readonly queue: Stash = new Stash();
  /** Nothing will be added to the queue. */
  ending = false;
  /** Lines to end with, HTTP/1.1 text with the empty line; null for none. */
  trailers: Buffer | null = null;
  /** Stands in the session's list of streams that wait for the connection. */
  waiting = false;
  /** The peer has ended its side. */
  peerEnded = false;
  /** Bytes received that were not passed on yet: the peer gets no new room for them. */
  uncredited = 0;

  open(id: number, sendWindow: number, receiveWindow: number): void {
    this.id = id;
    this.send.reset(sendWindow);
    this.receive.reset(receiveWindow);
    this.ending = false;
    this.trailers = null;
    this.waiting = false;
    this.peerEnded = false;
    this.uncredited = 0;
  }

  /** A piece of DATA. What cannot be passed on at once is added to `uncredited`, the rest credited. */
  abstract onData(bytes: Bytes, start: number, end: number, last: boolean): void;
  /** Some of the queue was sent. */
  abstract onSent(): void;
  /** Everything was sent, the end included: this side is done. */
  abstract onEnded(): void;
  /** The peer has reset the stream, or the connection is gone; the stream is closed already. */
  abstract onLost(code: number): void;
}
