// The `format` keywords of our schemas, as the API server checks them.
import { isIPv4, isIPv6 } from 'node:net';

const INT32 = 2 ** 31;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const STRING_FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  ipv4: isIPv4,
  // Zones belong to a host, not to a configuration.
  ipv6: (value) => isIPv6(value) && !value.includes('%'),
  'date-time': (value) => DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
  // Go's decoder skips line breaks, which folded YAML leaves behind.
  byte: (value) => BASE64.test(value.replaceAll(/[\r\n]/g, '')),
};

export const NUMBER_FORMATS: Readonly<Record<string, (value: number) => boolean>> = {
  int32: (value) => Number.isInteger(value) && value >= -INT32 && value < INT32,
  int64: (value) => Number.isSafeInteger(value),
};

/** What a format asks for, in words. */
export const FORMAT_NAMES: Readonly<Record<string, string>> = {
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  'date-time': 'a time such as 2026-01-31T12:00:00Z',
  byte: 'base64',
  int32: 'a 32-bit integer',
  int64: 'an integer below 2^53',
};
