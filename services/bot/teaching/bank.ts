import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const levels = ['A1', 'A2', 'B1', 'B2', 'C1'] as const;
export type Level = (typeof levels)[number];
export const levelSchema = z.enum(levels);

export const skills = [
  'agreement',
  'articles',
  'collocations',
  'comparison',
  'conditionals',
  'linking-words',
  'modals',
  'passive',
  'phrasal-verbs',
  'prepositions',
  'pronouns',
  'quantifiers',
  'questions',
  'relative-clauses',
  'reported-speech',
  'tenses',
  'verb-patterns',
  'vocabulary',
  'word-order',
] as const;

const base = {
  id: z.string().regex(/^[a-z0-9-]{3,64}$/),
  skill: z.enum(skills),
  prompt: z.string().min(1).max(640),
  /** What counts as right; the first one is shown to the student. */
  answers: z.array(z.string().min(1).max(200)).min(1),
  /** Why, in one sentence; shown after a mistake. */
  note: z.string().min(1).max(240),
  /** Misspelt letters that are forgiven in words of five letters and more. */
  typos: z.int().min(0).max(2).default(0),
};
const itemSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...base, kind: z.literal('choice'), options: z.array(z.string().min(1).max(80)).min(2).max(5) }),
  z.strictObject({ ...base, kind: z.literal('gap') }),
  z.strictObject({ ...base, kind: z.literal('order'), words: z.array(z.string().min(1).max(40)).min(3).max(14) }),
  z.strictObject({ ...base, kind: z.literal('correct') }),
  z.strictObject({ ...base, kind: z.literal('rephrase') }),
  z.strictObject({ ...base, kind: z.literal('short') }),
]);
/** One file of the bank: the items of a level. */
const bankFile = z.strictObject({ level: levelSchema, items: z.array(itemSchema).min(1) });

export type Item = z.infer<typeof itemSchema> & { readonly level: Level };
export type ItemKind = Item['kind'];

export interface Bank {
  readonly items: readonly Item[];
  /** Undefined for an item of another release. */
  get(id: string): Item | undefined;
  at(level: Level): readonly Item[];
}

export function createBank(items: readonly Item[]): Bank {
  const byId = new Map(items.map((item) => [item.id, item]));
  const byLevel = new Map(levels.map((level) => [level, items.filter((item) => item.level === level)]));
  return { items, get: (id) => byId.get(id), at: (level) => byLevel.get(level) ?? [] };
}

/** Reads every `*.json` of a folder; by default the bank that is shipped. */
export function loadBank(folder: string = join(__dirname, '..', 'items')): Bank {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return createBank(
    files.sort().flatMap((name) => {
      const { level, items } = bankFile.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      return items.map((item) => ({ ...item, level }));
    }),
  );
}

/** Chance of a right answer by guessing. */
export function guessChance(item: Item): number {
  return item.kind === 'choice' ? 1 / item.options.length : 0.03;
}
