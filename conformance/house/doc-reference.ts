// What the pages point to is there: relative links, the headings that they name, and source files mentioned by name.
import { posix } from 'node:path';
import type { TrackedFile } from './tracked-file.ts';

const LINK = /\]\(([^)\s]+)\)/g;
/** `gateway/proxy/settle.ts`, or `settle.ts` alone. */
const SOURCE = /`([\w./-]+\.(?:ts|mjs|c|h))`/g;
const FENCE = /^```.*?^```/gms;
const URL_SCHEME = /^[a-z]+:/;

export function checkDocReferences(files: readonly TrackedFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) => {
      const prose = text.replaceAll(FENCE, '');
      const links = [...prose.matchAll(LINK)].map(([, target = '']) => target);
      const sources = [...prose.matchAll(SOURCE)].map(([, name = '']) => name);
      return [
        ...links
          .filter((target) => !leadsSomewhere(path, target, texts))
          .map((target) => `link to ${target}`),
        ...sources.filter((name) => !isThere(name, texts)).map((name) => `\`${name}\``),
      ].map((wrong) => `${path}: ${wrong} leads nowhere. Mend: follow what was renamed, or remove it`);
    });
}

function leadsSomewhere(page: string, target: string, texts: ReadonlyMap<string, string>): boolean {
  if (URL_SCHEME.test(target)) return true;
  const [file = '', heading] = target.split('#');
  const path = file === '' ? page : posix.join(posix.dirname(page), file);
  const text = texts.get(path);
  // A folder is shown by what is in it.
  if (text === undefined) return [...texts.keys()].some((known) => known.startsWith(posix.join(path, '/')));
  return heading === undefined || anchorsOf(text).has(heading);
}

/** As GitHub makes them: lower case, spaces to hyphens, punctuation gone. */
function anchorsOf(text: string): ReadonlySet<string> {
  return new Set(
    [...text.replaceAll(FENCE, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function isThere(name: string, texts: ReadonlyMap<string, string>): boolean {
  return texts.has(name) || [...texts.keys()].some((path) => path.endsWith(`/${name}`));
}
