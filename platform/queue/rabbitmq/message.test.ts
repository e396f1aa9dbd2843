import type { GetMessage } from 'amqplib';
import { deadOne, incomingOf, type Parcel, parcelOf, repacked } from './message';

/** As the server delivers it, with headers it adds. */
const delivered = ({ content, options }: Parcel, added: Record<string, unknown> = {}): GetMessage =>
  ({
    content,
    properties: { ...options, headers: { ...options.headers, ...added } },
    fields: {},
  }) as unknown as GetMessage;
const stored = { id: 'm1', body: '{"n":1}', headers: { 'x-kind': 'test', traceparent: '00-1-2-01' } };

test('a message comes out as it went in, without what we and the server wrote beside it', () => {
  const message = incomingOf(
    delivered(parcelOf(stored, 1_234_567), { 'x-delivery-count': 2, 'x-first-death-queue': 'q' }),
  );
  expect(message).toEqual({
    id: 'm1',
    body: { n: 1 },
    headers: stored.headers,
    attempt: 3,
    publishedAt: new Date(1_234_567),
  });
});

test('an id that is too long for the property is kept as well', () => {
  const id = 'ü'.repeat(200);
  const parcel = parcelOf({ ...stored, id }, 0);
  expect(parcel.options.messageId).toBeUndefined();
  expect(incomingOf(delivered(repacked(delivered(parcel), { attempts: 1 })))).toMatchObject({ id, attempt: 2 });
});

test('attempts add up over pauses and lost consumers, and begin anew with a replay', () => {
  const first = delivered(parcelOf(stored, 0), { 'x-delivery-count': 1 });
  const paused = delivered(repacked(first, { attempts: 2 }), { 'x-delivery-count': 1, 'x-death': [] });
  expect(incomingOf(paused).attempt).toBe(4);
  const dead = delivered(repacked(paused, { attempts: 4, diedAt: 5_000, reason: 'no' }), { 'x-delivery-count': 7 });
  expect(deadOne(dead, 20)).toMatchObject({ attempt: 4, reason: 'no', diedAt: new Date(5_000), body: { n: 1 } });
  expect(incomingOf(delivered(repacked(dead, {}))).attempt).toBe(1);
});

test('a message that the server put aside was lost with its consumers, when it says', () => {
  const death = [
    { reason: 'delivery_limit', time: { '!': 'timestamp', value: 9 } },
    { reason: 'expired', time: { '!': 'timestamp', value: 3 } },
  ];
  const dead = deadOne(delivered(parcelOf(stored, 0), { 'x-death': death }), 20);
  expect(dead).toMatchObject({
    attempt: 20,
    diedAt: new Date(9_000),
    reason: expect.stringContaining('consumers were lost'),
  });
});

test('what somebody else published is shown as it is, though it is no JSON', () => {
  const foreign = { content: Buffer.from('hello'), properties: { timestamp: 7 }, fields: {} } as unknown as GetMessage;
  expect(() => incomingOf(foreign)).toThrow(SyntaxError);
  expect(deadOne(foreign, 20)).toMatchObject({ id: '', body: 'hello', publishedAt: new Date(7_000) });
});
