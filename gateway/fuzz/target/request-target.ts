// Targets of requests: the form that is matched and forwarded is final (read again it stays the same), holds nothing that two
// parsers could read differently, and never leads above the root.
import { normalizePath } from '../../proxy/http1/target.ts';
import { expect, type FuzzTarget } from '../target.ts';

export const requestTarget: FuzzTarget = {
  name: 'request-target',
  seeds: [
    '/',
    '/a/b/../c',
    '//a//b/',
    '/%41%2f%2E%2e/x',
    '/a/./b/%2e%2e/c',
    '/a;p=1/b%5Cc',
    '/..;/admin',
    '/%252e%252e/',
  ].map((text) => Buffer.from(text, 'latin1')),
  tokens: [
    '/',
    '..',
    '.',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '%00',
    '%',
    '//',
    ';',
    '\\',
    '%25',
    '%c0%ae',
    '/../',
    '/./',
    '%41',
  ],
  run(input) {
    // The scan lets nothing but visible ASCII through to here.
    const text = `/${input.toString('latin1').replace(/[^!-~]|[?#]/g, '')}`;
    const path = normalizePath(text);
    if (typeof path === 'number') {
      expect(path < 0, `refused by ${path}`);
      return;
    }
    expect(path.startsWith('/'), `${path} does not start with /`);
    expect(normalizePath(path) === path, `${path} is not final: ${normalizePath(path)}`);
    expect(!path.includes('//') && !path.includes('\\'), `${path} can be read in two ways`);
    for (const segment of path.split(/\/|%2F|%5C/i))
      expect(segment !== '.' && segment !== '..', `${path} holds a dot segment`);
    const decoded = path.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    expect(!decoded.includes('\0'), `${path} holds NUL`);
  },
};
