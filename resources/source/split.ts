// Cuts a YAML stream at its document markers, so that editing one document of many does not parse the others again.
// YAML forbids '---' at the start of a line anywhere but between documents (YAML 1.2.2, rule 206 c-forbidden).

export interface Chunk {
  readonly text: string;
  /** Lines before it. */
  readonly line: number;
}

export function splitDocuments(text: string): readonly Chunk[] {
  // Directives belong to the document that follows; a stream that has some is rare and stays in one piece.
  if (/^%/m.test(text)) return [{ text, line: 0 }];
  const chunks: Chunk[] = [];
  const marker = /^---(?=\s|$)/gm;
  let start = 0;
  let line = 0;
  for (;;) {
    const found = marker.exec(text);
    const end = found?.index ?? text.length;
    if (end > start) {
      const part = text.slice(start, end);
      chunks.push({ text: part, line });
      line += countLines(part);
    }
    if (found === null) return chunks;
    start = end;
  }
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
