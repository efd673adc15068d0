// Reads one query parameter without parsing the others. Repeated parameters: the first counts (HTTPQueryParamMatch.name).

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;

/**
 * The decoded value of parameter `name` in `query` (without '?'), or undefined. Names and values are read as
 * application/x-www-form-urlencoded (URL standard section 5.1): %XX and '+'. A malformed escape stands for itself.
 */
export function findQueryValue(query: string, name: string): string | undefined {
  let start = 0;
  while (start < query.length) {
    let equals = -1;
    let encodedName = false;
    let encodedValue = false;
    let end = start;
    for (; end < query.length; end++) {
      const code = query.charCodeAt(end);
      if (code === AMPERSAND) break;
      if (code === EQUALS && equals === -1) equals = end;
      else if (code === PERCENT || code === PLUS) {
        if (equals === -1) encodedName = true;
        else encodedValue = true;
      }
    }
    const nameEnd = equals === -1 ? end : equals;
    if (isName(query, start, nameEnd, encodedName, name)) {
      const value = equals === -1 ? '' : query.slice(equals + 1, end);
      return encodedValue ? decode(value) : value;
    }
    start = end + 1;
  }
  return undefined;
}

function isName(query: string, start: number, end: number, encoded: boolean, name: string): boolean {
  if (encoded) return decode(query.slice(start, end)) === name;
  return end - start === name.length && query.startsWith(name, start);
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  // Runs of escapes are decoded together, since one character may take several bytes.
  return spaced.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
