import { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { silent } from '../../platform/log';
import { faultOf } from './fault';
import { say, table } from './message';
import { openPoster, type Poster } from './poster';

const refused = (error: string) => new WebAPIPlatformError({ ok: false, error });
const start = new Date('2026-03-02T10:00:00Z').getTime();
let calls: { at: number; channel: unknown; text: unknown; types: string[] }[];
let answers: (Error | undefined)[];
let stopping: AbortController;
let poster: Poster;

beforeEach(() => {
  jest.useFakeTimers({ now: start });
  calls = [];
  answers = [];
  stopping = new AbortController();
  const client = {
    async postMessage({ channel, text, blocks }: Record<string, unknown>) {
      calls.push({
        at: Date.now() - start,
        channel,
        text,
        types: (blocks as { type: string }[]).map(({ type }) => type),
      });
      const answer = answers.shift();
      if (answer) throw answer;
      return { channel: 'C1', ts: String(calls.length) };
    },
  };
  poster = openPoster({ client, spacingMs: 1_000, log: silent, signal: stopping.signal });
});
afterEach(() => {
  stopping.abort();
  jest.useRealTimers();
});
// Jest's fake clock does not reach `node:timers/promises`; this puts it under the same clock.
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown, options?: { signal?: AbortSignal }) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(value), ms);
      options?.signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new Error('aborted'));
      });
    }),
}));
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

test('posts to one channel go in order, a second apart; another channel does not wait', async () => {
  void poster.post('deploys', say('one'));
  void poster.post('deploys', say('two'));
  void poster.post('alerts', say('three'));
  await pass(2_000);
  expect(calls.map(({ at, text }) => [at, text])).toEqual([
    [0, 'one'],
    [0, 'three'],
    [1_000, 'two'],
  ]);
});

test('a rate limit and an outage are waited out', async () => {
  answers.push(new WebAPIRateLimitedError(4), new WebAPIRequestError(new Error('ECONNREFUSED')));
  const posted = poster.post('deploys', say('one'));
  await pass(10_000);
  expect(await posted).toEqual({ channel: 'C1', ts: '3' });
  expect(calls[1]!.at).toBe(4_000);
});

test('a workspace that does not take a block gets the plain form', async () => {
  answers.push(refused('invalid_blocks'));
  const posted = poster.post('deploys', say('one', [table([['a']])]));
  await pass(10);
  await posted;
  expect(calls.map(({ types }) => types)).toEqual([['rich_text', 'table'], ['section']]);
});

test('a missing channel is told, and does not stop the next post', async () => {
  answers.push(refused('channel_not_found'));
  const first = poster.post('nowhere', say('one')).catch((error: unknown) => faultOf(error));
  const second = poster.post('nowhere', say('two'));
  await pass(2_000);
  expect(await first).toEqual({ kind: 'gone', why: 'channel_not_found' });
  expect(await second).toMatchObject({ channel: 'C1' });
});

test.each([
  [new WebAPIRateLimitedError(4), { kind: 'limited', retryMs: 4_000 }],
  [refused('message_not_found'), { kind: 'gone', why: 'message_not_found' }],
  [refused('msg_blocks_too_long'), { kind: 'form', why: 'msg_blocks_too_long' }],
  [refused('internal_error'), { kind: 'away', why: 'internal_error' }],
  [refused('invalid_auth'), { kind: 'refused', why: 'invalid_auth' }],
  [new TypeError('fetch failed'), { kind: 'away', why: 'fetch failed' }],
])('%# an error of the SDK is sorted by what the caller can do', (error, fault) => {
  expect(faultOf(error)).toEqual(fault);
});
