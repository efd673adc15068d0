// HTTP attacks and correctness: raw bytes to the gateway, and a strict look at what reached the backend.
import type { Suite } from './suite.ts';

export const http1: Suite = {
  name: 'http1',
  summary: 'attacks on and correctness of HTTP/1.1, HTTP/2 and TLS: 259 cases as raw bytes',
  flags: [],
  async run() {
    throw new Error('the cases of http1 are not here yet');
  },
};
