import { randomBytes, randomInt } from 'node:crypto';
import { classOfLearners, reference, shuffled } from '../../test/class-of-learners';
import { type Column, exercised, promised, promisesOf } from '../../test/contract';
import type { GraphUnderTest } from './contract-subject';
import { troubleContract } from './contract-trouble';
import type { Graph, ItemSummary, LearningFact } from './graph';

const meaningless = {
  'back-pressure': 'facts are recorded call by call; who calls waits for each',
} as const;

/** The promises of graph.ts. */
export function graphContract(adapter: string, subject: GraphUnderTest): void {
  const { open, learners = 1_000 } = subject;
  const keeps = (promise: string, work: () => Promise<void>, ...covers: Column[]): void =>
    promised(promise, work, { covers });

  describe(promisesOf('graph', adapter), () => {
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
      exercised({ port: 'graph', adapter, version: await subject.version(), meaningless });
      graph = await open();
      await graph.record(facts);
    }, 120_000);
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

    const again = async (): Promise<void> => {
      const second = await open();
      await Promise.all([graph.record(shuffled(facts, 1)), second.record(shuffled(facts, 2))]);
      await second.close();
      for (const date of days) expect(await graph.day(date)).toEqual(expected.day(date));
      const id = `c${seed}-learner-0`;
      expect(await graph.learner(id)).toEqual(expected.learner(id));
    };
    keeps('facts recorded again, in another order, by two at once, count once', again, 'duplicates', 'redelivery');

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

    const newest = async (): Promise<void> => {
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
    };
    keeps('the level is that of the newest fact, whichever arrived last', newest, 'order');

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

    troubleContract({ subject, keeps, answer, graph: () => graph });
  });
}
