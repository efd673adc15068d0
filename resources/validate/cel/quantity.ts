// Kubernetes' CEL functions on quantities ('500m', '1Gi'): isQuantity, quantity and comparison.
// https://pkg.go.dev/k8s.io/apiserver/pkg/cel/library#Quantity
import type { Environment } from '@marcbachmann/cel-js';

const FORM = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)$/;
const NANO = 1_000_000_000n;
const DECIMAL: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1000n,
  m: 1_000_000n,
  '': NANO,
  k: NANO * 1000n,
  M: NANO * 1000n ** 2n,
  G: NANO * 1000n ** 3n,
  T: NANO * 1000n ** 4n,
  P: NANO * 1000n ** 5n,
  E: NANO * 1000n ** 6n,
};

/** Exact to a billionth, as in Kubernetes. */
class Quantity {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export function registerQuantities(environment: Environment): void {
  environment
    .registerType('kubernetes.Quantity', { ctor: Quantity, fields: {} })
    .registerFunction('isQuantity(string): bool', (text: string) => parse(text) !== undefined)
    .registerFunction('quantity(string): kubernetes.Quantity', (text: string) => {
      const nanos = parse(text);
      if (nanos === undefined) throw new Error(`quantity '${text}' parse error`);
      return new Quantity(nanos);
    })
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: Quantity, b: Quantity) =>
      BigInt(Number(a.nanos > b.nanos) - Number(a.nanos < b.nanos)),
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nanos < b.nanos,
    )
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nanos > b.nanos,
    )
    .registerFunction('kubernetes.Quantity.isInteger(): bool', (q: Quantity) => q.nanos % NANO === 0n)
    .registerFunction('kubernetes.Quantity.asInteger(): int', (q: Quantity) => {
      if (q.nanos % NANO !== 0n) throw new Error('cannot convert value to integer');
      return q.nanos / NANO;
    })
    .registerFunction(
      'kubernetes.Quantity.asApproximateFloat(): double',
      (q: Quantity) => Number(q.nanos) / 1e9,
    )
    .registerFunction('kubernetes.Quantity.sign(): int', (q: Quantity) =>
      BigInt(Number(q.nanos > 0n) - Number(q.nanos < 0n)),
    )
    .registerFunction(
      'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity',
      (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos),
    )
    .registerFunction(
      'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity',
      (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos),
    );
}

/** In billionths, rounded up where finer, as in Kubernetes; undefined when it is not a quantity. */
function parse(text: string): bigint | undefined {
  const form = FORM.exec(text);
  if (form === null) return undefined;
  const [, sign = '', digits = '', suffix = ''] = form;
  const [whole = '', fraction = ''] = digits.split('.');
  let numerator = BigInt(whole + fraction) * scale(suffix);
  let denominator = 10n ** BigInt(fraction.length);
  const exponent = /^[eE](.+)$/.exec(suffix)?.[1];
  if (exponent !== undefined) {
    if (Math.abs(Number(exponent)) > 18) return undefined;
    if (Number(exponent) >= 0) numerator *= 10n ** BigInt(Number(exponent));
    else denominator *= 10n ** BigInt(-Number(exponent));
  }
  const nanos = (numerator + denominator - 1n) / denominator;
  return sign === '-' ? -nanos : nanos;
}

function scale(suffix: string): bigint {
  if (suffix.endsWith('i')) return NANO * 1024n ** BigInt('KMGTPE'.indexOf(suffix.charAt(0)) + 1);
  return DECIMAL[suffix] ?? NANO;
}
