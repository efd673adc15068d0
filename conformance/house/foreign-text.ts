// Text that must not be in the repository: C calls outside of native/, places of one machine, hosts of registries, keys, and
// tests that are switched off without a reason.
import type { TrackedFile } from './tracked-file.ts';

interface Rule {
  /** Which files it looks at. */
  readonly files: RegExp;
  readonly except?: RegExp;
  readonly text: RegExp;
  readonly message: string;
}

/** Written so that no pattern matches its own source. */
const RULES: readonly Rule[] = [
  {
    files: /\.(ts|mjs)$/,
    except: /^native\//,
    text: /(from|import\(|require\()\s*['"]koffi['"]/,
    message: 'only native/ calls C. Mend: import from #native/...',
  },
  {
    files: /./,
    text: /(^|[\s'"`(=:])\/(work|root|home\/[a-z]+|Users\/[A-Za-z]+)\//m,
    message: 'a path of one machine. Mend: a path relative to the checkout, or import.meta.url',
  },
  {
    files: /(^|\/)(package-lock\.json|go\.sum|Cargo\.lock|requirements.*\.txt)$/,
    text: /"resolved": "https?:|^--(extra-)?index-url/m,
    message: 'a lock file names a host. Mend: omit-lockfile-registry-resolved in .npmrc, then npm install',
  },
  {
    files: /./,
    text: /registry\.npm[j]s\.org|[p]ypi\.org|pythonhosted\.[o]rg|deb\.debian\.[o]rg|proxy\.golang\.[o]rg|repo1?\.maven\.[o]rg/,
    message: 'names the host of a package registry',
  },
  { files: /./, text: /\.\.\/[s]hared\b/, message: 'depends on a folder outside of the repository' },
  { files: /./, text: /-----BEGIN [A-Z ]*PRIVATE KE[Y]-----/, message: 'holds a private key' },
  {
    files: /\.test\.ts$/,
    text: /\bskip:\s*tru[e]\b|\bonly:\s*tru[e]\b|\b(test|it|describe|suite)\.onl[y]\(/,
    message: 'a test is switched off without a reason',
  },
];

export function checkForeignText(files: readonly TrackedFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    RULES.flatMap((rule) => {
      if (!rule.files.test(path) || rule.except?.test(path) === true) return [];
      const found = rule.text.exec(text);
      if (found === null) return [];
      const line = text.slice(0, found.index + found[0].search(/\S/)).split('\n').length;
      return [`${path}:${line}: ${rule.message}: ${found[0].trim()}`];
    }),
  );
}
