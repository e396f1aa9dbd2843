import { createGuard, PROOF_HEADER, SESSION_COOKIE } from './guard';

const guard = createGuard(() => 'http://edwin.example:4400');
const session = guard.session({}).id;
const cookie = `theme=dark; ${SESSION_COOKIE}=${session}`;
const own = { host: '127.0.0.1:4400', cookie, [PROOF_HEADER]: guard.proof(session) };

test.each<[string, { method: string; headers: Record<string, string> }, boolean]>([
  ['a typed address', { method: 'GET', headers: { host: 'localhost:4400', 'sec-fetch-site': 'none' } }, true],
  [
    'a link from another site to the page',
    {
      method: 'GET',
      headers: { host: '127.0.0.1:4400', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    },
    true,
  ],
  ['the public name', { method: 'GET', headers: { host: 'edwin.example:4400' } }, true],
  ['a name that was bound to loopback', { method: 'GET', headers: { host: 'evil.example:4400' } }, false],
  [
    'a script of another site',
    { method: 'GET', headers: { host: '127.0.0.1:4400', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } },
    false,
  ],
  [
    'another port of this machine',
    { method: 'GET', headers: { host: '127.0.0.1:4400', origin: 'http://127.0.0.1:8080' } },
    false,
  ],
  [
    'a post of the page',
    { method: 'POST', headers: { ...own, origin: 'http://127.0.0.1:4400', 'sec-fetch-site': 'same-origin' } },
    true,
  ],
  ['a post without the proof', { method: 'POST', headers: { host: own.host, cookie } }, false],
  [
    'a post with the proof of another session',
    { method: 'POST', headers: { ...own, [PROOF_HEADER]: guard.proof('x'.repeat(24)) } },
    false,
  ],
  ['a post of another site', { method: 'POST', headers: { ...own, origin: 'https://evil.example' } }, false],
  [
    'a form of another site, by navigation',
    { method: 'POST', headers: { ...own, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } },
    false,
  ],
])('%s: admitted or not as it should be', (_name, request, admitted) => {
  expect(guard.refusal(request) === undefined).toBe(admitted);
});

test('a session is kept by its cookie', () => {
  expect(guard.session({ cookie })).toEqual({ id: session, isNew: false });
  expect(guard.session({ cookie: `${SESSION_COOKIE}=short` }).isNew).toBe(true);
});

describe('a page with a key', () => {
  const keyed = createGuard(() => 'http://edwin.example:4400', 'the-key-of-the-page');
  const ask = (session?: string) =>
    keyed.refusal({
      method: 'GET',
      headers: { host: 'edwin.example:4400', ...(session && { cookie: `${SESSION_COOKIE}=${session}` }) },
    });

  test('refuses whoever comes without a session that the key began', () => {
    expect(ask()).toContain('the address that `edwin up` prints');
    expect(ask('x'.repeat(67))).toBeDefined();
    expect(ask(guard.session({}).id)).toBeDefined();
    expect(keyed.admit('another-key')).toBeUndefined();
    expect(guard.admit('')).toBeUndefined();
  });

  test('lets in whoever knows it, also after a restart, and not after the key was changed', () => {
    const admitted = keyed.admit('the-key-of-the-page') ?? '';
    expect(ask(admitted)).toBeUndefined();
    const cookie = { host: 'edwin.example:4400', cookie: `${SESSION_COOKIE}=${admitted}` };
    const again = createGuard(() => 'http://edwin.example:4400', 'the-key-of-the-page');
    expect(again.refusal({ method: 'GET', headers: cookie })).toBeUndefined();
    const changed = createGuard(() => 'http://edwin.example:4400', 'a-new-key');
    expect(changed.refusal({ method: 'GET', headers: cookie })).toBeDefined();
  });
});
