import type { Item } from './bank';
import { editDistance, normalize, readings } from './spelling';

/**
 * `nearly` is right but for a spelling mistake that the item forgives; `unclear` is no answer at all (no option of a
 * choice, or no letters), so the student may try again.
 */
export type Verdict = 'right' | 'nearly' | 'wrong' | 'unclear';

const SHORTEST_FORGIVEN = 5;

/** Grades what a student typed. `shown` are the options of a choice in the order in which they were shown. */
export function grade(item: Item, given: string, shown: readonly string[] = []): Verdict {
  if (item.kind === 'choice') {
    const option = optionOf(item.prompt, given, shown);
    return option === undefined ? 'unclear' : item.answers.includes(option) ? 'right' : 'wrong';
  }
  const read = readings(given).filter((reading) => reading !== '');
  if (read.length === 0) return 'unclear';
  const accepted = item.answers.flatMap((answer) => [answer, ...completed(item.prompt, answer)]).flatMap(readings);
  if (read.some((reading) => accepted.includes(reading))) return 'right';
  if (item.typos > 0 && read.some((reading) => accepted.some((answer) => forgiven(reading, answer, item.typos))))
    return 'nearly';
  return 'wrong';
}

/** The sentence with the gap filled, without what stands in brackets; nothing when there is no gap. */
export function completed(prompt: string, answer: string): string[] {
  const line = prompt.split('\n').at(-1) ?? '';
  if (!line.includes('___')) return [];
  return [
    line
      .replace(/^→ /, '')
      .replace(/ *\([^)]*\)/g, '')
      .replace('___', answer),
  ];
}

/** By its words, the whole sentence, its letter or its number; words win, since an option may be the word “a”. */
function optionOf(prompt: string, given: string, shown: readonly string[]): string | undefined {
  const said = normalize(given);
  const byWords = shown.find((option) =>
    [option, ...completed(prompt, option)].some((text) => normalize(text) === said),
  );
  if (byWords !== undefined) return byWords;
  if (/^[a-e]$/.test(said)) return shown[said.charCodeAt(0) - 'a'.charCodeAt(0)];
  return /^[1-5]$/.test(said) ? shown[Number(said) - 1] : undefined;
}

function forgiven(given: string, answer: string, typos: number): boolean {
  const [said, meant] = [given.split(' '), answer.split(' ')];
  if (said.length !== meant.length) return false;
  const distances = meant.map((word, index) => {
    if (word === said[index]) return 0;
    return word.length < SHORTEST_FORGIVEN ? Number.POSITIVE_INFINITY : editDistance(word, said[index]!);
  });
  return distances.reduce((sum, distance) => sum + distance, 0) <= typos;
}
