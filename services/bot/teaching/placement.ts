import { type Level, levels } from './bank';

/**
 * Finds a level in a few items: a belief over ability (in levels, A1 = 0 … C1 = 4) is updated by every answer, the
 * next item is of the level whose answer is least certain, and it ends when one level holds most of the belief.
 */
export interface PlacementAnswer {
  readonly level: Level;
  readonly correct: boolean;
  /** Chance of a right answer by guessing. */
  readonly guess: number;
}

export type PlacementStep = { readonly ask: Level } | { readonly placed: Level; readonly confidence: number };

const abilities = Array.from({ length: 41 }, (_, index) => -0.5 + index * 0.125);
const FEWEST_ITEMS = 4;
const SURE = 0.8;
/** At its own level a student answers about 3 of 4 items, one level above 1 of 4 (guessing aside). */
const STEEPNESS = 2.2;
const EASE = 0.5;
/** Slips happen at every level. */
const SLIP = 0.04;

export function nextPlacementStep(answers: readonly PlacementAnswer[], mostItems: number): PlacementStep {
  const belief = beliefAfter(answers);
  const shares = levels.map((_, index) => massOf(belief, index));
  const confidence = Math.max(...shares);
  const done = answers.length >= mostItems || (answers.length >= FEWEST_ITEMS && confidence >= SURE);
  if (done) return { placed: levels[shares.indexOf(confidence)]!, confidence };
  const doubt = levels.map((_, index) => Math.abs(0.5 - expected(belief, index)));
  return { ask: levels[doubt.indexOf(Math.min(...doubt))]! };
}

function beliefAfter(answers: readonly PlacementAnswer[]): number[] {
  const weights = abilities.map((ability) =>
    answers.reduce((weight, { level, correct, guess }) => {
      const right = guess + (1 - guess - SLIP) * knows(ability, levels.indexOf(level));
      return weight * (correct ? right : 1 - right);
    }, prior(ability)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

function knows(ability: number, level: number): number {
  return 1 / (1 + Math.exp(-STEEPNESS * (ability - level + EASE)));
}

/** Most who start are around A2 and B1, but little is assumed. */
function prior(ability: number): number {
  return Math.exp(-((ability - 1.5) ** 2) / (2 * 1.6 ** 2));
}

function massOf(belief: readonly number[], level: number): number {
  return belief.reduce((sum, share, index) => sum + (nearest(abilities[index]!) === level ? share : 0), 0);
}

function nearest(ability: number): number {
  return Math.min(levels.length - 1, Math.max(0, Math.round(ability)));
}

function expected(belief: readonly number[], level: number): number {
  return belief.reduce((sum, share, index) => sum + share * knows(abilities[index]!, level), 0);
}
