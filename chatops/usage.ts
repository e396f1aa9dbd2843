/** One place of a command's grammar, read from its usage line. */
export interface Parameter {
  readonly name: string;
  readonly kind: 'positional' | 'flag' | 'option';
  readonly required: boolean;
  /** Takes all words that are left. */
  readonly rest: boolean;
}

/** `<service> <env> [version] [--plan] [--limit N] [query...]`. */
export function parameters(usage: string): Parameter[] {
  return [...usage.matchAll(/<([^>]+)>|\[([^\]]+)\]/g)].map(([, must, may]) => {
    const inside = must ?? may ?? '';
    if (inside.startsWith('--')) {
      const [name = '', value] = inside.slice(2).split(' ');
      return { name, kind: value === undefined ? 'flag' : 'option', required: false, rest: false };
    }
    const rest = inside.endsWith('...');
    return { name: rest ? inside.slice(0, -3) : inside, kind: 'positional', required: must !== undefined, rest };
  });
}

export type Bound =
  | { readonly values: Readonly<Record<string, string>> }
  | { readonly problem: 'missing'; readonly name: string; readonly values: Readonly<Record<string, string>> }
  | { readonly problem: 'too-many'; readonly word: string }
  | { readonly problem: 'unknown-option'; readonly word: string }
  | { readonly problem: 'no-value'; readonly word: string };

/** Puts words in their places. Flags become `'true'`. Never throws; what does not fit is told. */
export function bind(grammar: readonly Parameter[], given: readonly string[]): Bound {
  const values: Record<string, string> = {};
  const places = grammar.filter((parameter) => parameter.kind === 'positional');
  let next = 0;
  for (let i = 0; i < given.length; i++) {
    const word = given[i]!;
    if (/^--[a-z]/i.test(word)) {
      const [name = '', inline] = word.slice(2).split(/=(.*)/s);
      const option = grammar.find(
        (parameter) => parameter.kind !== 'positional' && parameter.name === name.toLowerCase(),
      );
      if (!option) return { problem: 'unknown-option', word };
      const value = option.kind === 'flag' ? 'true' : (inline ?? given[++i]);
      if (value === undefined) return { problem: 'no-value', word };
      values[option.name] = value;
      continue;
    }
    const place = places[next];
    if (!place) return { problem: 'too-many', word };
    values[place.name] = place.rest && values[place.name] !== undefined ? `${values[place.name]} ${word}` : word;
    if (!place.rest) next++;
  }
  const missing = places.find((place) => place.required && values[place.name] === undefined);
  return missing ? { problem: 'missing', name: missing.name, values } : { values };
}
