import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogin } from './registry-login';

describe('a login command', () => {
  let folder: string;
  let now: number;
  const open = (command: string) =>
    openLogin({ user: 'AWS', password: undefined, command, env: { PATH: process.env['PATH'] }, now: () => now });
  const counted = () => `cat ${folder}/password; echo x >> ${folder}/runs`;
  const runs = () => readFileSync(join(folder, 'runs'), 'utf8').length / 2;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edwin-login-'));
    now = 0;
    writeFileSync(join(folder, 'password'), 'first\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is run once for all who ask at once, and again before its password gets old', async () => {
    const login = open(counted());
    const answers = await Promise.all([login.credentials(), login.credentials(), login.credentials()]);
    expect(answers).toEqual(Array(3).fill({ user: 'AWS', password: 'first' }));
    now = 29 * 60_000;
    await login.credentials();
    expect(runs()).toBe(1);
    writeFileSync(join(folder, 'password'), 'second\n');
    now = 31 * 60_000;
    expect(await login.credentials()).toEqual({ user: 'AWS', password: 'second' });
    expect(runs()).toBe(2);
  });

  test('is run again, once, when the password is refused; the same answer is no reason to try again', async () => {
    const login = open(counted());
    const first = await login.credentials();
    expect(await login.renew(first)).toBe(false);
    writeFileSync(join(folder, 'password'), 'second\n');
    expect(await Promise.all([login.renew(first), login.renew(first)])).toEqual([true, true]);
    expect(await login.renew(first)).toBe(true); // somebody has renewed it meanwhile
    expect(runs()).toBe(3);
  });

  test.each([
    ['fails', 'echo hidden; echo "no such profile" >&2; exit 4', /status 4: no such profile/],
    ['says nothing', 'true', /printed nothing/],
  ])('that %s is told, without what it printed', async (_, command, message) => {
    const error = await open(command)
      .credentials()
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'images.refused', message: expect.stringMatching(message) });
    expect(error.stack).not.toContain('hidden');
  });
});

test('without a command the password is what the address says, and there is no other', async () => {
  const login = openLogin({ user: 'ada', password: 'secret', command: undefined, env: {} });
  expect(await login.credentials()).toEqual({ user: 'ada', password: 'secret' });
  expect(await login.renew(await login.credentials())).toBe(false);
  expect(await openLogin({ user: undefined, password: undefined, command: undefined, env: {} }).credentials()).toBe(
    undefined,
  );
});
