const APOSTROPHES = /[\u2018\u2019\u02bc\u00b4`\u2032]/g;
const MOST_READINGS = 27;
/** Written without their apostrophe they can only be negations. */
const bareNegation = /^(do|does|did|is|are|was|were|have|has|had|could|would|should|must|need|ca|wo)nt$/;
const irregular: Record<string, string> = {
  "won't": 'will not',
  "can't": 'can not',
  "shan't": 'shall not',
  "let's": 'let us',
  cannot: 'can not',
};

/** Lower case, straight apostrophes, one space between words, no punctuation, contractions as written. */
export function normalize(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(APOSTROPHES, "'")
    .replace(/[^\p{L}\p{N}'\s]/gu, ' ')
    .split(/\s+/)
    .map((word) => word.replace(/^'+|'+$/g, ''))
    .filter((word) => word !== '')
    .map((word) => (bareNegation.test(word) ? word.replace(/nt$/, "n't") : word))
    .join(' ');
}

/**
 * Everything a text may stand for once its contractions are written out: “she's” is she is, she has, or a possessive.
 * At most 27 readings, the likeliest first.
 */
export function readings(text: string): string[] {
  return normalize(text)
    .split(' ')
    .map(expansions)
    .reduce<string[]>(
      (heads, tails) =>
        heads.flatMap((head) => tails.map((tail) => (head === '' ? tail : `${head} ${tail}`))).slice(0, MOST_READINGS),
      [''],
    );
}

function expansions(word: string): string[] {
  const whole = irregular[word];
  if (whole !== undefined) return [whole];
  if (word.endsWith("n't")) return [`${word.slice(0, -3)} not`];
  const [stem, ending] = [word.slice(0, word.lastIndexOf("'")), word.slice(word.lastIndexOf("'") + 1)];
  if (!word.includes("'")) return [word];
  if (ending === 'm') return [`${stem} am`];
  if (ending === 're') return [`${stem} are`];
  if (ending === 'll') return [`${stem} will`];
  if (ending === 've') return [`${stem} have`];
  if (ending === 'd') return [`${stem} would`, `${stem} had`];
  if (ending === 's') return [word, `${stem} is`, `${stem} has`];
  return [word];
}

/** Letters added, dropped, changed or swapped with their neighbour between two words. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + changed);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, beforeLast[column - 2]! + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
