import { fingerprint } from './fingerprint';

const stack = (folder: string, line: number) => `TypeError: x is undefined
    at answer (${folder}/services/bot/answer.js:${line}:17)
    at async Object.handle [as run] (${folder}/services/bot/handle.js:${line + 3}:5)
    at async /work/node_modules/pg/lib/client.js:1:1
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`;

describe('fingerprint of an exception', () => {
  const one = fingerprint('TypeError', 'x is undefined', stack('/data/images/sha256/aa11', 10));

  it('is the same in another release, folder, line and message', () => {
    expect(fingerprint('TypeError', 'y is undefined', stack('/srv/app', 99))).toBe(one);
  });

  it('differs by type and by place', () => {
    expect(fingerprint('RangeError', 'x', stack('/srv/app', 10))).not.toBe(one);
    expect(fingerprint('TypeError', 'x', stack('/srv/app', 10).replace('answer.js', 'place.js'))).not.toBe(one);
  });

  it('does not depend on frames of libraries and the runtime', () => {
    const without = stack('/srv/app', 10).split('\n').slice(0, 3).join('\n');
    expect(fingerprint('TypeError', 'x', without)).toBe(one);
  });

  it.each([
    ['user 17 of "stage" not found', 'user 4211 of "prod" not found'],
    ['no row 3f2a9c1e-1111-4222-8333-944455556666', 'no row 00000000-aaaa-4bbb-8ccc-dddddddddddd'],
  ])('without a stack, messages that differ only in values are the same: %s', (first, second) => {
    expect(fingerprint('Error', first, undefined)).toBe(fingerprint('Error', second, undefined));
  });

  it('without a stack, other messages are others', () => {
    expect(fingerprint('Error', 'timed out', undefined)).not.toBe(fingerprint('Error', 'not found', undefined));
  });

  it('reads stacks of Python and the JVM', () => {
    const python = (line: number) =>
      `Traceback (most recent call last):\n  File "/app/shop/cart.py", line ${line}, in total`;
    expect(fingerprint('KeyError', 'a', python(1))).toBe(fingerprint('KeyError', 'b', python(2)));
    const java = (line: number) => `java.lang.IllegalStateException: no\n\tat shop.Cart.total(Cart.java:${line})`;
    expect(fingerprint('IllegalStateException', 'a', java(1))).toBe(fingerprint('IllegalStateException', 'b', java(2)));
  });
});
