// Small files: one concept, one file. Generated files are exempt, tests are not.
import type { TrackedFile } from './tracked-file.ts';

export const MEDIAN_LINES = 120;
export const MOST_LINES = 400;

const SOURCE = /\.(ts|mjs|c|h)$/;
const GENERATED = /\.gen\.ts$/;

export function checkFileSizes(files: readonly TrackedFile[]): string[] {
  const sizes = files
    .filter(({ path }) => SOURCE.test(path) && !GENERATED.test(path))
    .map(({ path, text }) => ({ path, lines: countLines(text) }))
    .sort((a, b) => a.lines - b.lines);
  const middle = sizes[Math.floor((sizes.length - 1) / 2)];
  const long = sizes.filter(({ lines }) => lines > MOST_LINES);
  return [
    ...long.map(
      ({ path, lines }) => `${path}: ${lines} lines, more than ${MOST_LINES}. Mend: one concept a file`,
    ),
    ...(middle !== undefined && middle.lines > MEDIAN_LINES
      ? [`the median of ${sizes.length} files is ${middle.lines} lines, more than ${MEDIAN_LINES}`]
      : []),
  ];
}

function countLines(text: string): number {
  return text === '' ? 0 : text.trimEnd().split('\n').length;
}
