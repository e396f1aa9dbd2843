/**
 * Graph: learning analytics of one environment. Learners, items, skills and the answers that join them.
 *
 *     (Learner)─ANSWERED{at, correct, ms}─►(Item)─EXERCISES─►(Skill)   (Learner)─LEVEL─► A1…C1
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - `record` is idempotent by `LearningFact.id`: facts recorded twice, in any order, count once.
 * - It resolves when every fact is stored; if it rejects, any part may be stored, and recording again is right.
 * - Numbers of two adapters are equal for equal facts (times to the millisecond, shares to 1e-9).
 * - Every call ends within a limit, whatever the server does. `close` lets calls that are under way come to their end.
 * Errors: `graph.unreachable`, `graph.refused`, `graph.closed`.
 */
export interface Graph {
  record(facts: readonly LearningFact[]): Promise<void>;
  /** Undefined for a learner nobody recorded. Skills ordered by name. */
  learner(id: string): Promise<LearnerSummary | undefined>;
  /**
   * Hardest first (lowest share of right answers, then id), among items answered at least `minAnswers` times. An item
   * that exercises several skills counts for each apart.
   */
  hardestItems(options: {
    readonly skill?: string;
    readonly minAnswers: number;
    readonly limit: number;
  }): Promise<ItemSummary[]>;
  /** Answers, right answers and learners of one UTC day (`YYYY-MM-DD`), by level. */
  day(date: string): Promise<DayLevel[]>;
  close(): Promise<void>;
}

export type LearningFact =
  | {
      readonly kind: 'learner';
      readonly id: string;
      readonly at: Date;
      readonly learner: string;
      readonly level: string;
    }
  | {
      readonly kind: 'answer';
      readonly id: string;
      readonly at: Date;
      readonly learner: string;
      readonly item: string;
      readonly skill: string;
      readonly level: string;
      readonly correct: boolean;
      /** Time to answer in milliseconds. */
      readonly ms: number;
    };

export interface LearnerSummary {
  readonly learner: string;
  /** Of the newest `learner` fact. */
  readonly level: string | undefined;
  readonly answers: number;
  readonly skills: readonly {
    readonly skill: string;
    readonly answers: number;
    readonly correct: number;
    /** Of an even number of times, the mean of the middle two. */
    readonly medianMs: number;
  }[];
}

export interface ItemSummary {
  readonly item: string;
  readonly skill: string;
  readonly answers: number;
  readonly correctShare: number;
}

export interface DayLevel {
  readonly level: string;
  readonly learners: number;
  readonly answers: number;
  readonly correct: number;
}
