import { EdwinError } from '../errors';

/**
 * Replaces `${NAME}` and `${NAME:-default}` in a setting; a default may hold further ones. An empty value counts as
 * not set, as in a shell. `$${` stands for a plain `${`.
 * @throws `config.invalid` when a name without default is not set, or a brace is missing; `setting` names the culprit
 */
export function expand(text: string, value: (name: string) => string | undefined, setting: string): string {
  const [result, rest] = expandUntil(text, false, value, setting);
  return rest === '' ? result : result + rest;
}

const reference = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-|\})/;

/** Expands up to the end, or up to the brace that closes a default; gives what was read and what is left. */
function expandUntil(
  text: string,
  nested: boolean,
  value: (name: string) => string | undefined,
  setting: string,
): [string, string] {
  let result = '';
  let rest = text;
  while (rest !== '') {
    if (nested && rest.startsWith('}')) return [result, rest.slice(1)];
    if (rest.startsWith('$${')) {
      result += '${';
      rest = rest.slice(3);
    } else if (rest.startsWith('${')) {
      const [replacement, left] = expandReference(rest, value, setting);
      result += replacement;
      rest = left;
    } else {
      result += rest[0];
      rest = rest.slice(1);
    }
  }
  if (nested) throw new EdwinError('config.invalid', `Setting ${setting} lacks a closing brace.`);
  return [result, ''];
}

function expandReference(text: string, value: (name: string) => string | undefined, setting: string): [string, string] {
  const match = reference.exec(text);
  const name = match?.[1];
  if (match === null || name === undefined)
    throw new EdwinError('config.invalid', `Setting ${setting} has \${ without a name and a closing brace.`);
  const after = text.slice(match[0].length);
  const found = value(name) || undefined;
  if (match[2] === '}') {
    if (found !== undefined) return [found, after];
    throw new EdwinError('config.invalid', `Setting ${setting} needs ${name}, which is not set.`);
  }
  // A default that is not needed may name what is not set.
  const [fallback, left] = expandUntil(
    after,
    true,
    found === undefined ? value : (other) => value(other) ?? '-',
    setting,
  );
  return [found ?? fallback, left];
}
