import { randomBytes, randomInt } from 'node:crypto';
import { classOfLearners, reference, shuffled } from '../../test/class-of-learners';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import type { Graph, ItemSummary, LearningFact } from './graph';

export interface GraphContractOptions {
  /** Name of a test → why this adapter can not keep the promise. */
  readonly unsupported?: Readonly<Record<string, string>>;
  readonly unreachable?: () => Promise<Graph>;
  readonly refused?: () => Promise<Graph>;
  readonly faults?: { restart?(): Promise<void>; cutConnections(): Promise<void> };
  /** Size of the generated class. Default 200. */
  readonly learners?: number;
}

/** The promises of graph.ts, on an empty graph; `open` opens the same graph each time. */
export function graphContract(
  adapter: string,
  open: () => Promise<Graph>,
  { unsupported = {}, unreachable, refused, faults, learners = 200 }: GraphContractOptions = {},
): void {
  const keeps = (promise: string, work: () => Promise<void>): void => {
    if (promise in unsupported) it.skip(`${promise} (${unsupported[promise]})`, work);
    else it(promise, work);
  };

  describe(`${adapter} as graph`, () => {
    const seed = randomInt(1, 1_000_000);
    const facts = classOfLearners({ seed, learners, answersEach: 25 });
    const expected = reference(facts);
    const days = ['2026-11-20', '2026-11-21', '2026-11-22'];
    const newId = (): string => randomBytes(8).toString('hex');
    const answer = (learner: string, more: Partial<Extract<LearningFact, { kind: 'answer' }>> = {}): LearningFact => ({
      kind: 'answer',
      id: newId(),
      at: new Date('2031-01-01T12:00:00.000Z'),
      learner,
      item: `item-${learner}`,
      skill: `skill-${learner}`,
      level: 'A1',
      correct: true,
      ms: 1_000,
      ...more,
    });
    let graph: Graph;

    beforeAll(async () => {
      graph = await open();
      await graph.record(facts);
    });
    afterAll(() => graph.close());

    const sameItems = (found: readonly ItemSummary[], wanted: readonly ItemSummary[]): void => {
      expect(found.map(({ item, skill, answers }) => ({ item, skill, answers }))).toEqual(
        wanted.map(({ item, skill, answers }) => ({ item, skill, answers })),
      );
      found.forEach(({ correctShare }, index) => {
        expect(correctShare).toBeCloseTo(wanted[index]?.correctShare ?? Number.NaN, 9);
      });
    };

    keeps(`a learner is summed up as counted by hand (seed ${seed})`, async () => {
      for (let number = 0; number < learners; number += Math.ceil(learners / 50)) {
        const id = `c${seed}-learner-${number}`;
        expect(await graph.learner(id)).toEqual(expected.learner(id));
      }
    });

    keeps('the hardest items are those counted by hand', async () => {
      sameItems(
        await graph.hardestItems({ minAnswers: 5, limit: 20 }),
        expected.hardestItems({ minAnswers: 5, limit: 20 }),
      );
      const ofSkill = { skill: `c${seed}-skill-3`, minAnswers: 1, limit: 100 };
      sameItems(await graph.hardestItems(ofSkill), expected.hardestItems(ofSkill));
      expect(await graph.hardestItems({ minAnswers: 1_000_000, limit: 10 })).toEqual([]);
    });

    keeps('a day has its answers and learners by level, from midnight to midnight in UTC', async () => {
      for (const date of days) expect(await graph.day(date)).toEqual(expected.day(date));
      expect(await graph.day('1999-01-01')).toEqual([]);
      const learner = newId();
      await graph.record([
        answer(learner, { at: new Date('2030-05-01T23:59:59.999Z') }),
        answer(learner, { at: new Date('2030-05-02T00:00:00.000Z'), correct: false }),
      ]);
      expect(await graph.day('2030-05-01')).toEqual([{ level: 'A1', learners: 1, answers: 1, correct: 1 }]);
      expect(await graph.day('2030-05-02')).toEqual([{ level: 'A1', learners: 1, answers: 1, correct: 0 }]);
    });

    keeps('facts recorded again, in another order, by two at once, count once', async () => {
      const second = await open();
      await Promise.all([graph.record(shuffled(facts, 1)), second.record(shuffled(facts, 2))]);
      await second.close();
      for (const date of days) expect(await graph.day(date)).toEqual(expected.day(date));
      const id = `c${seed}-learner-0`;
      expect(await graph.learner(id)).toEqual(expected.learner(id));
    });

    keeps('a fact twice in one call counts once', async () => {
      const twice = answer(newId());
      await graph.record([twice, twice]);
      expect((await graph.learner(twice.learner))?.answers).toBe(1);
    });

    keeps('a learner nobody recorded is undefined; one who only answered has no level', async () => {
      expect(await graph.learner(newId())).toBeUndefined();
      const learner = newId();
      await graph.record([answer(learner)]);
      expect(await graph.learner(learner)).toEqual({
        learner,
        level: undefined,
        answers: 1,
        skills: [{ skill: `skill-${learner}`, answers: 1, correct: 1, medianMs: 1_000 }],
      });
    });

    keeps('the level is that of the newest fact, whichever arrived last', async () => {
      const learner = newId();
      const level = (name: string, at: string): LearningFact => ({
        kind: 'learner',
        id: newId(),
        at: new Date(at),
        learner,
        level: name,
      });
      await graph.record([level('B1', '2026-01-02T00:00:00.001Z')]);
      await graph.record([level('A2', '2026-01-02T00:00:00.000Z')]);
      expect(await graph.learner(learner)).toEqual({ learner, level: 'B1', answers: 0, skills: [] });
    });

    keeps('the median of an even number of times is between the middle two', async () => {
      const learner = newId();
      await graph.record([10, 20, 25, 90].map((ms) => answer(learner, { ms })));
      expect((await graph.learner(learner))?.skills[0]?.medianMs).toBe(22.5);
    });

    keeps('text of any language is kept', async () => {
      const learner = `учень-🙂-"'\\-${newId()}`;
      await graph.record([answer(learner, { skill: 'порядок слів' })]);
      expect((await graph.learner(learner))?.skills[0]?.skill).toBe('порядок слів');
    });

    keeps('no facts are no work', async () => {
      await expect(graph.record([])).resolves.toBeUndefined();
    });

    keeps('closing twice is closing once', async () => {
      const again = await open();
      await again.close();
      await again.close();
    });

    const goesOn = async (fault: () => Promise<void>): Promise<void> => {
      const learner = newId();
      await fault();
      const recorded = () =>
        graph.record([answer(learner)]).then(
          () => true,
          (error) => !hasCode(error, 'graph.unreachable') && Promise.reject(error),
        );
      await until(recorded, { what: 'recording after the fault', withinMs: 20_000 });
      expect(await graph.learner(learner)).toBeDefined();
    };
    const { restart, cutConnections } = faults ?? {};
    if (cutConnections) keeps('it goes on by itself after its connections are cut', () => goesOn(cutConnections));
    if (restart) keeps('it goes on by itself after its server was started again', () => goesOn(restart));
    if (unreachable) {
      keeps('an address where nothing listens is graph.unreachable', async () => {
        await expect(unreachable()).rejects.toMatchObject({ code: 'graph.unreachable' });
      });
    }
    if (refused) {
      keeps('credentials that are wrong are graph.refused', async () => {
        await expect(refused()).rejects.toMatchObject({ code: 'graph.refused' });
      });
    }
  });
}
