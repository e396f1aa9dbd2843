import { inBatches } from './batch';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test('calls at the same time are worked on together, at most so many at once, in order', async () => {
  const batches: number[][] = [];
  const add = inBatches<number>(4, async (batch) => void batches.push([...batch]));
  await Promise.all(numbers(10).map(add));
  expect(batches).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
});

test('what comes while a batch is at work goes into the next one', async () => {
  const batches: number[][] = [];
  const late: Promise<void>[] = [];
  const add = inBatches<number>(10, async (batch) => {
    batches.push([...batch]);
    if (batches.length === 1) late.push(add(7), add(8));
  });
  await add(1);
  await Promise.all(late);
  expect(batches).toEqual([[1], [7, 8]]);
});

test('one bad item fails its own call only', async () => {
  const done = new Set<number>();
  const add = inBatches<number>(10, async (batch) => {
    if (batch.includes(3)) throw new Error('three is refused');
    for (const item of batch) done.add(item);
  });
  const outcomes = await Promise.allSettled(numbers(5).map(add));
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect([...done]).toEqual([0, 1, 2, 4]);
});
