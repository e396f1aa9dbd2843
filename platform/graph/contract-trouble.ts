import { randomBytes } from 'node:crypto';
import type { Column } from '../../test/contract';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import type { GraphUnderTest } from './contract-subject';
import type { Graph, LearningFact } from './graph';

const PATIENCE = { withinMs: 60_000 };

/** A server that refuses, is away, hangs, or comes back. */
export function troubleContract({
  subject,
  keeps,
  answer,
  graph,
}: {
  subject: GraphUnderTest;
  keeps: (promise: string, work: () => Promise<void>, ...covers: Column[]) => void;
  answer: (learner: string) => LearningFact;
  graph: () => Graph;
}): void {
  const { faults } = subject;
  const newId = (): string => randomBytes(8).toString('hex');
  const recorded = (facts: LearningFact[]): Promise<boolean> =>
    graph()
      .record(facts)
      .then(
        () => true,
        (error) => !hasCode(error, 'graph.unreachable') && Promise.reject(error),
      );
  const goesOn = async (): Promise<void> => {
    const learner = newId();
    await until(() => recorded([answer(learner)]), { what: 'recording after the fault', ...PATIENCE });
    expect(await graph().learner(learner)).toMatchObject({ answers: 1 });
  };

  keeps(
    'what was confirmed is there after the server is killed in the middle, and it goes on by itself',
    async () => {
      const confirmed: string[] = [];
      let over = false;
      const recording = (async () => {
        while (!over) {
          const learner = newId();
          if (await recorded([answer(learner)])) confirmed.push(learner);
        }
      })();
      await until(() => confirmed.length >= 20, { what: 'some facts are confirmed' });
      await faults.crash();
      const before = confirmed.length;
      await until(() => confirmed.length > before, { what: 'recording goes on', ...PATIENCE });
      over = true;
      await recording;
      for (const learner of confirmed) expect(await graph().learner(learner)).toMatchObject({ answers: 1 });
    },
    'lost and back',
  );

  keeps(
    'a cut network is graph.unreachable, and when it is mended it goes on by itself',
    async () => {
      await faults.cut();
      try {
        await expect(graph().record([answer(newId())])).rejects.toMatchObject({ code: 'graph.unreachable' });
      } finally {
        await faults.mend();
      }
      await goesOn();
    },
    'lost and back',
  );

  keeps(
    'a server that hangs is graph.unreachable within the limit, and it goes on when it moves again',
    async () => {
      const impatient = await subject.open({ limitMs: 2_000 });
      await faults.pause();
      try {
        const began = performance.now();
        await expect(impatient.record([answer(newId())])).rejects.toMatchObject({ code: 'graph.unreachable' });
        await expect(impatient.learner(newId())).rejects.toMatchObject({ code: 'graph.unreachable' });
        expect(performance.now() - began).toBeLessThan(15_000);
      } finally {
        await faults.resume();
      }
      await goesOn();
      await until(async () => (await impatient.learner(newId())) === undefined, { what: 'it answers', ...PATIENCE });
      await impatient.close();
    },
    'paused',
  );

  keeps(
    'closing lets a call that is under way come to its end',
    async () => {
      const own = await subject.open();
      const learner = newId();
      const recording = own.record([answer(learner)]);
      await Promise.all([own.close(), own.close()]);
      await recording;
      expect(await graph().learner(learner)).toMatchObject({ answers: 1 });
      await expect(own.learner(learner)).rejects.toMatchObject({ code: 'graph.closed' });
    },
    'close while busy',
  );

  keeps(
    'an address where nothing listens is graph.unreachable',
    () => expect(subject.openUnreachable()).rejects.toMatchObject({ code: 'graph.unreachable' }),
    'unreachable',
  );
  keeps(
    'a wrong password is graph.refused',
    () => expect(subject.openWithWrongPassword()).rejects.toMatchObject({ code: 'graph.refused' }),
    'wrong credentials',
  );
  keeps(
    'credentials of another environment are graph.refused',
    () => expect(subject.openAsStranger()).rejects.toMatchObject({ code: 'graph.refused' }),
    'another environment',
  );
}
