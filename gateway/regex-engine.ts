// Switches on V8's regular expression engine that runs in linear time: once in the main thread, before the first translate.
// The flags hold for all threads of the process. See route/regex.ts for what is built on it.
import { setFlagsFromString } from 'node:v8';

export function enableLinearRegexEngine(): void {
  // Knows the flag 'l', by which regular expressions of users are proven.
  setFlagsFromString('--enable-experimental-regexp-engine');
  // Finishes in linear time what the normal engine backtracks too much on.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
