import { type Bank, type Item, type ItemKind, type Level, levels } from './bank';
import { pick, pickWeighted, type Random } from './random';
import type { SkillProgress, Student } from './student';

/** Time that an answer of average speed takes, in ms. */
const usualMs: Record<ItemKind, number> = {
  choice: 9_000,
  gap: 14_000,
  short: 14_000,
  order: 25_000,
  correct: 30_000,
  rephrase: 30_000,
};
const SLOWEST_PACE = 3;
const REMEMBERED_ITEMS = 40;
const FORM_LENGTH = 12;
const PROMOTE = 0.85;
const DEMOTE = 0.4;

type Learner = Pick<Student, 'skills' | 'recent' | 'form'> & { readonly level: Level };

/**
 * The next item: mostly of the student's level, now and then one below to keep it or one above to stretch (more often
 * for those who answer well and fast), from the skills that go worst or slowest, and none that was asked lately.
 */
export function chooseItem(bank: Bank, learner: Learner, random: Random): Item {
  const level = levelOfNext(learner, random);
  const fresh = freshItems(bank.at(level), learner.recent);
  const skill = pickWeighted(
    [...new Set(fresh.map((item) => item.skill))],
    (name) => need(learner.skills[name]),
    random,
  );
  return pick(
    fresh.filter((item) => item.skill === skill),
    random,
  );
}

/** An item of a level for placement; skills are mixed, items never repeat while others are left. */
export function choosePlacementItem(bank: Bank, level: Level, recent: readonly string[], random: Random): Item {
  const fresh = freshItems(bank.at(level), recent);
  const skillsSeen = new Set(recent.map((id) => bank.get(id)?.skill));
  const unseen = fresh.filter((item) => !skillsSeen.has(item.skill));
  return pick(unseen.length > 0 ? unseen : fresh, random);
}

/** Progress after an answer; `level` changes when the last dozen answers are far above or below what it asks. */
export function afterAnswer<S extends Learner>(learner: S, item: Item, correct: boolean, ms: number): S {
  const before = learner.skills[item.skill] ?? { answers: 0, correct: 0, pace: 1 };
  const pace = Math.min(SLOWEST_PACE, ms / usualMs[item.kind]);
  const progress: SkillProgress = {
    answers: before.answers + 1,
    correct: before.correct + (correct ? 1 : 0),
    pace: before.pace + 0.3 * (pace - before.pace),
  };
  const form = [...learner.form, correct].slice(-FORM_LENGTH);
  const level = levelAfter(learner.level, form);
  return {
    ...learner,
    level,
    form: level === learner.level ? form : [],
    skills: { ...learner.skills, [item.skill]: progress },
  };
}

export function remembered(recent: readonly string[], item: Item): string[] {
  return [...recent.filter((id) => id !== item.id), item.id].slice(-REMEMBERED_ITEMS);
}

function levelAfter(level: Level, form: readonly boolean[]): Level {
  if (form.length < FORM_LENGTH) return level;
  const share = shareOf(form);
  const step = share >= PROMOTE ? 1 : share <= DEMOTE ? -1 : 0;
  return levels[levels.indexOf(level) + step] ?? level;
}

function levelOfNext(learner: Learner, random: Random): Level {
  const paces = Object.values(learner.skills).map(({ pace }) => pace);
  const quick = paces.length > 0 && paces.reduce((a, b) => a + b, 0) / paces.length < 0.8;
  const strong = learner.form.length >= 5 && shareOf(learner.form) >= 0.8;
  const stretch = strong ? (quick ? 0.4 : 0.25) : 0.1;
  const chance = random();
  const step = chance < stretch ? 1 : chance > 0.85 ? -1 : 0;
  return levels[levels.indexOf(learner.level) + step] ?? learner.level;
}

/** Between 0.15 (all right and fast) and about 1: how much a skill needs practice. Unknown skills stand in the middle. */
function need(progress: SkillProgress | undefined): number {
  if (progress === undefined) return 0.6;
  const mastery = (progress.correct + 1) / (progress.answers + 2);
  const slowness = Math.max(0, progress.pace - 1) / (SLOWEST_PACE - 1);
  return 0.15 + 0.65 * (1 - mastery) + 0.2 * slowness;
}

/** Those not asked lately; if all were, the half that was asked longest ago. */
function freshItems(items: readonly Item[], recent: readonly string[]): readonly Item[] {
  const fresh = items.filter((item) => !recent.includes(item.id));
  if (fresh.length > 0) return fresh;
  return [...items].sort((a, b) => recent.indexOf(a.id) - recent.indexOf(b.id)).slice(0, Math.ceil(items.length / 2));
}

function shareOf(form: readonly boolean[]): number {
  return form.filter(Boolean).length / form.length;
}
