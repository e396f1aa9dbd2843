/** Number of single changes between two words; two neighbours swapped count as one. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      next.push(best);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}

/**
 * What was probably meant, or undefined when nothing is near enough: one change for short words, two for longer ones,
 * three from nine letters on; or a beginning of at least two letters; or a longer form of it (`production` for `prod`).
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, far: farness(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= allowed(Math.max(wanted.length, candidate.length)))
    .sort((a, b) => a.far - b.far);
  const [first, second] = ranked;
  if (
    !first ||
    (second && second.far === first.far && first.far > 0 && ambiguous(wanted, first.candidate, second.candidate))
  )
    return undefined;
  return first.candidate;
}

function farness(word: string, candidate: string): number {
  if (word.length >= 2 && candidate.startsWith(word)) return 0.5;
  if (candidate.length >= 3 && (word.startsWith(candidate) || sharedStart(word, candidate) >= 4)) return 1;
  return distance(word, candidate);
}

/** Two candidates are told apart when only one begins as the word does. */
function ambiguous(word: string, a: string, b: string): boolean {
  return (a[0] === word[0]) === (b[0] === word[0]);
}

const sharedStart = (a: string, b: string): number => {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
};
const allowed = (length: number): number => (length <= 4 ? 1 : length <= 8 ? 2 : 3);
