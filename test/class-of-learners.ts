import type { DayLevel, ItemSummary, LearnerSummary, LearningFact } from '../platform/graph/graph';

/** A class that learns for some days, made from a seed: the same seed makes the same facts. */
export function classOfLearners(options: { seed: number; learners: number; answersEach: number }): LearningFact[] {
  const random = generator(options.seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const prefix = `c${options.seed}`;
  const start = Date.UTC(2026, 10, 20);
  const facts: LearningFact[] = [];
  for (let number = 0; number < options.learners; number += 1) {
    const learner = `${prefix}-learner-${number}`;
    const ability = random();
    for (let time = 0; time < 2; time += 1) {
      const at = new Date(start + Math.floor(random() * 3 * 86_400_000));
      facts.push({ kind: 'learner', id: `${learner}-level-${time}`, at, learner, level: pick(levels) });
    }
    for (let index = 0; index < options.answersEach; index += 1) {
      const item = Math.floor(random() * 60);
      facts.push({
        kind: 'answer',
        id: `${learner}-answer-${index}`,
        at: new Date(start + Math.floor(random() * 3 * 86_400_000)),
        learner,
        item: `${prefix}-item-${item}`,
        skill: `${prefix}-skill-${item % 7}`,
        level: levels[item % levels.length] as string,
        correct: random() < 0.2 + 0.6 * ability - 0.3 * (item / 60),
        ms: 500 + Math.floor(random() * 20_000),
      });
    }
  }
  return facts;
}

const levels = ['A1', 'A2', 'B1', 'B2', 'C1'];

/** The same list in another order, by the same means. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = generator(seed);
  return list
    .map((value) => ({ value, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Answer = Extract<LearningFact, { kind: 'answer' }>;

/** What every adapter must answer, counted plainly in memory. */
export function reference(facts: readonly LearningFact[]) {
  const once = [...new Map(facts.map((fact) => [fact.id, fact])).values()];
  const answers = once.filter((fact) => fact.kind === 'answer');
  return {
    learner(id: string): LearnerSummary | undefined {
      const own = answers.filter(({ learner }) => learner === id);
      const newest = once
        .filter((fact) => fact.kind === 'learner' && fact.learner === id)
        .sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1))[0];
      if (newest === undefined && own.length === 0) return undefined;
      const skills = grouped(own, ({ skill }) => skill).map(([skill, group]) => ({
        skill,
        ...counts(group),
        medianMs: median(group.map(({ ms }) => ms)),
      }));
      return { learner: id, level: newest?.level, answers: own.length, skills };
    },
    hardestItems(options: { skill?: string; minAnswers: number; limit: number }): ItemSummary[] {
      const asked = answers.filter(({ skill }) => options.skill === undefined || skill === options.skill);
      return grouped(asked, ({ item }) => item)
        .filter(([, group]) => group.length >= options.minAnswers)
        .map(([item, group]) => {
          const { answers: count, correct } = counts(group);
          return { item, skill: group[0]?.skill ?? '', answers: count, correctShare: correct / count };
        })
        .sort((a, b) => a.correctShare - b.correctShare || (a.item < b.item ? -1 : 1))
        .slice(0, options.limit);
    },
    day(date: string): DayLevel[] {
      const asked = answers.filter(({ at }) => at.toISOString().startsWith(date));
      return grouped(asked, ({ level }) => level).map(([level, group]) => ({
        level,
        learners: new Set(group.map(({ learner }) => learner)).size,
        ...counts(group),
      }));
    },
  };
}

function grouped(answers: readonly Answer[], key: (answer: Answer) => string): [string, Answer[]][] {
  const groups = new Map<string, Answer[]>();
  for (const answer of answers) groups.set(key(answer), [...(groups.get(key(answer)) ?? []), answer]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function counts(group: readonly Answer[]): { answers: number; correct: number } {
  return { answers: group.length, correct: group.filter(({ correct }) => correct).length };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
