import { hasCode } from '../errors';
import { openLogin } from './registry-login';
import { transferCode, transferPatiently } from './transfer';

/** Words of engines 20.10 to 28 and of the registries behind them. */
test.each([
  ['manifest for h:5000/a@sha256:0 not found: manifest unknown: manifest unknown', 'images.missing'],
  ['unauthorized: authentication required', 'images.refused'],
  ['denied: requested access to the resource is denied', 'images.refused'],
  ['Head "https://h/v2/a/manifests/x": no basic auth credentials', 'images.refused'],
  [
    'failed to register layer: Error processing tar file(exit status 1): write /x: no space left on device',
    'images.disk-full',
  ],
  ['manifest verification failed for digest sha256:0', 'images.damaged'],
  ['Get "http://h:5000/v2/": dial tcp 10.0.0.1:5000: connect: connection refused', 'images.unreachable'],
  ['received unexpected HTTP status: 502 Bad Gateway', 'images.unreachable'],
])('“%s” is %s', (words, code) => expect(transferCode(words)).toBe(code));

test('what is refused is tried once more only with another password, and closing ends the waiting', async () => {
  const login = openLogin({ user: 'a', password: 'b', command: undefined, env: {} });
  const tried: unknown[] = [];
  const attempt = (words: string, signal: AbortSignal) =>
    transferPatiently(login, 'h1 can not pull', signal, async (credentials) => {
      tried.push(credentials);
      return words;
    });
  const refused = await attempt('denied: no', new AbortController().signal).catch((error) => error);
  expect(hasCode(refused, 'images.refused') && refused.message).toBe('h1 can not pull: denied: no.');
  expect(tried).toEqual([{ user: 'a', password: 'b' }]);
  await expect(attempt('connection refused', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(tried).toHaveLength(2);
});
