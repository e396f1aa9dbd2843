/**
 * Words of a command line as people type it in chat. Quotes keep words together (also the curly ones that phones
 * make), a dash that an editor has joined (`—plan`) counts as two hyphens. An open quote reaches to the end.
 */
export function words(text: string): string[] {
  const found: string[] = [];
  const pattern = /"([^"]*)(?:"|$)|“([^”"]*)(?:[”"]|$)|'([^']*)(?:'|$)|([^\s"“]+)/g;
  let end = -1;
  for (const match of text.matchAll(pattern)) {
    const piece = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    if (match.index === end && found.length > 0) found[found.length - 1] += piece;
    else found.push(match[4] === undefined ? piece : piece.replace(/^[—–](?=[a-z])/i, '--'));
    end = match.index + match[0].length;
  }
  return found;
}

/** Verb and arguments, whichever way it was called: `/edwin deploy …`, `/deploy …`, `edwin deploy …`, `deploy …`. */
export function parse(text: string, prefix = ''): { verb: string; rest: string[] } {
  const all = words(text);
  let [first = '', ...rest] = all;
  if (first.startsWith('/')) first = first.slice(1);
  if (prefix !== '' && first.startsWith(prefix)) first = first.slice(prefix.length);
  if (first.toLowerCase() === 'edwin') [first = '', ...rest] = rest;
  return { verb: first.replace(/^\//, '').toLowerCase(), rest };
}

/** A word as it must be typed to be read as one. */
export function quoted(word: string): string {
  if (!/[\s"“”']/.test(word) && word !== '') return word;
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}

/** The same for texts that mean the same: door spelling, case of the verb and spaces do not count. */
export function normalised(verb: string, rest: readonly string[]): string {
  return [verb, ...rest.map(quoted)].join(' ').trim();
}
