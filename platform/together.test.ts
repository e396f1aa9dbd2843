import { setImmediate as turn } from 'node:timers/promises';
import { together } from './together';

describe('together', () => {
  it('asks once for those who ask the same in one turn, and after the last of them', async () => {
    const asked: string[] = [];
    let state = 'old';
    const ask = together(async (question) => {
      asked.push(question);
      return `${question}: ${state}`;
    });
    const answers = [ask('a'), ask('b'), ask('a')];
    state = 'new';
    expect(await Promise.all(answers)).toEqual(['a: new', 'b: new', 'a: new']);
    expect(asked).toEqual(['a', 'b']);
  });

  it('asks again for who comes while an answer is on its way', async () => {
    const answers: Array<(text: string) => void> = [];
    const ask = together(() => new Promise<string>((resolve) => answers.push(resolve)));
    const first = ask('a');
    await turn();
    const second = ask('a');
    await turn();
    for (const [index, resolve] of answers.entries()) resolve(String(index));
    expect(await Promise.all([first, second])).toEqual(['0', '1']);
  });

  it('gives all of them the failure, and the next one a new try', async () => {
    let tries = 0;
    const ask = together(async () => {
      tries += 1;
      if (tries === 1) throw new Error('away');
      return 'there';
    });
    const both = await Promise.allSettled([ask('a'), ask('a')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask('a')).toBe('there');
  });
});
