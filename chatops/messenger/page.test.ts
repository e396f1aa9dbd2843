import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { findChromium, launch } from '../../test/page/browser';
import { PAGE_TOKEN, type RunningMessenger, startMessenger } from './fixture';

/** The page in a real Chromium; without one these tests say so and are skipped, and fail with EDWIN_REQUIRE_REAL=1. */
const executable = findChromium();
const inBrowser = executable === undefined ? describe.skip : describe;

const but = executable === undefined ? ' (skipped: no Chromium; set EDWIN_TEST_CHROMIUM)' : '';

inBrowser(`the page of the local Messenger${but}`, () => {
  let database: TestDatabase;
  let messenger: RunningMessenger;
  let webhook: Server;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  const start = (port = 0) =>
    startMessenger(database.pool, () => `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`, {}, port);

  beforeAll(async () => {
    database = await createTestDatabase();
    webhook = createServer((request, response) => request.resume().on('end', () => response.end())).listen(
      0,
      '127.0.0.1',
    );
    messenger = await startMessenger(
      database.pool,
      () => `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`,
    );
    browser = await launch(executable!);
    page = await browser.newPage({ viewport: { width: 1100, height: 720 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
  });
  afterAll(async () => {
    await browser?.close();
    await messenger?.close();
    webhook?.close();
    await database?.drop();
  });

  const reply = (student: string, message: object) =>
    fetch(`${messenger.url}/me/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${PAGE_TOKEN}` },
      body: JSON.stringify({ recipient: { id: student }, messaging_type: 'RESPONSE', message }),
    });

  test('a person adds a student, begins, is answered and presses a quick reply', async () => {
    await page.goto(messenger.url);
    await page.fill('#name', 'anna');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Get started' }).click();
    await page.locator('.said.student', { hasText: 'Delivered' }).waitFor();
    await page.locator('#typing').waitFor();
    await reply('anna', {
      text: 'Which is right? <script>alert(1)</script>',
      quick_replies: [
        { content_type: 'text', title: 'He go', payload: 'A' },
        { content_type: 'text', title: 'He goes', payload: 'B' },
      ],
    });
    await page.locator('.said.page', { hasText: '<script>' }).waitFor();
    expect(await page.locator('#typing').count()).toBe(0);
    await page.getByRole('button', { name: 'He goes' }).click();
    await page.locator('.said.student', { hasText: 'He goes' }).waitFor();
    expect(await page.locator('#answers button').count()).toBe(0);
    expect((await messenger.conversation('anna')).at(-1)).toMatchObject({ text: 'He goes', payload: 'B' });
  });

  test('the keyboard is enough: slash goes to the message, digits press quick replies', async () => {
    await page.goto(`${messenger.url}#keys`);
    await page.locator('.start').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    await page.locator('.said.student', { hasText: 'Delivered' }).waitFor();
    await reply('keys', { text: 'Ready?', quick_replies: [{ content_type: 'text', title: 'Yes', payload: 'YES' }] });
    await page.getByRole('button', { name: 'Yes' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('1');
    await page.locator('.said.student', { hasText: 'Yes' }).waitFor();
  });

  test('after a lost connection the page says so, and then shows what it missed', async () => {
    await page.goto(`${messenger.url}#away`);
    await page.locator('.start').waitFor();
    await page.fill('#text', 'hello');
    await page.keyboard.press('Enter');
    await page.locator('.said.student', { hasText: 'Delivered' }).waitFor();
    const silence = problems.length;
    const port = Number(new URL(messenger.url).port);
    await messenger.close();
    await page.locator('#lost', { hasText: 'lost' }).waitFor();
    messenger = await start(port);
    await reply('away', { text: 'said meanwhile' });
    await page.locator('.said.page', { hasText: 'said meanwhile' }).waitFor();
    await page.locator('#lost').waitFor({ state: 'hidden' });
    problems.length = silence; // the browser itself reports a refused connection
  });

  test('at 360 pixels nothing is cut off, and nothing went wrong on the way', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    await page.goto(`${messenger.url}#anna`);
    await page.locator('.said.page').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await page.locator('#text').isVisible()).toBe(true);
    expect(problems).toEqual([]);
  });
});
