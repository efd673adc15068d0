// Plain words that kubectl would read otherwise: YAML 1.1 takes them for booleans, YAML 1.2, which we read, for strings.
// The list is that of kubectl's parser (go.yaml.in/yaml/v2, resolve.go).
import { isScalar, visit, type Document } from 'yaml';

const WORD = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
/** Cheap: most documents hold none. */
const PERHAPS = /[:\-,[{]\s*(?:y|yes|n|no|on|off)\s*(?:$|[#,\]}])/im;

export interface BooleanWord {
  readonly offset: number;
  readonly message: string;
  readonly mend: string;
}

export function booleanWords(document: Document.Parsed, text: string): readonly BooleanWord[] {
  const words: BooleanWord[] = [];
  if (!PERHAPS.test(text)) return words;
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || node.type !== 'PLAIN' || typeof node.value !== 'string' || !WORD.test(node.value))
        return;
      const pair = ancestors.at(-1);
      const name =
        pair !== undefined && 'key' in pair && isScalar(pair.key) ? `${String(pair.key.value)}: ` : '';
      words.push({
        offset: node.range?.[0] ?? 0,
        message: `kubectl reads ${name}${node.value} as a boolean, Sluice reads it as a string`,
        mend: `write '${node.value}'`,
      });
    },
  });
  return words;
}
