// CEL's string functions that the library lacks (charAt, replace, reverse, find, findAll).
// https://pkg.go.dev/github.com/google/cel-go/ext#Strings and https://pkg.go.dev/k8s.io/apiserver/pkg/cel/library#Regex
import type { Environment } from '@marcbachmann/cel-js';

export function registerStrings(environment: Environment): void {
  environment
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => {
      const characters = Array.from(text);
      if (index < 0n || index > characters.length) throw new Error(`index out of range: ${index}`);
      return characters[Number(index)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.split(from).join(to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, limit: bigint) => {
        const parts = text.split(from);
        const changes = limit < 0n ? parts.length : Number(limit);
        return parts.reduce((all, part, index) => all + (index <= changes ? to : from) + part);
      },
    )
    .registerFunction('string.reverse(): string', (text: string) => Array.from(text).reverse().join(''))
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => new RegExp(pattern).exec(text)?.[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      findAll(text, pattern, -1),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, limit: bigint) => findAll(text, pattern, Number(limit)),
    );
}

function findAll(text: string, pattern: string, limit: number): readonly string[] {
  const found = [...text.matchAll(new RegExp(pattern, 'g'))].map((match) => match[0]);
  return limit < 0 ? found : found.slice(0, limit);
}
