import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { findChromium, launch } from '../../test/page/browser';
import { finish } from '../../test/page/scene';
import { fillChat, type PageServer, startPage } from '../../test/page/server';
import { MESSAGE_TRACE } from '../../test/page/telemetry';
import { until } from '../../test/until';

const chromium = findChromium();
const inChromium = chromium === undefined ? describe.skip : describe;
/** Where pictures of the page are kept, for a look at it. */
const pictures = process.env['EDWIN_TEST_PICTURES'];

inChromium(chromium === undefined ? 'the page (skipped: no Chromium; set EDWIN_TEST_CHROMIUM)' : 'the page', () => {
  let browser: Browser;
  let server: PageServer;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(chromium ?? ''), startPage()]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  beforeEach(async () => {
    complaints = [];
    page = await open();
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  async function open({ width = 1480, height = 900, dark = false, hash = '' } = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(15_000);
    const opened = await context.newPage();
    opened.on('pageerror', (error) => complaints.push(String(error)));
    opened.on('console', (message) => {
      if (
        message.type() === 'error' &&
        !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(message.text())
      )
        complaints.push(message.text());
    });
    await opened.goto(`${server.url}/${hash}`);
    await opened.locator('aside .tabs').waitFor({ state: 'attached' });
    await opened.locator('main .bar h1').waitFor({ state: 'attached' });
    return opened;
  }
  const composer = () => page.locator('#composer');
  const type = async (text: string, key = 'Enter'): Promise<void> => {
    await composer().fill(text);
    await composer().press(key);
  };
  const composed = (text: string) =>
    until(async () => (await composer().inputValue()) === text, { what: `“${text}” in the composer` });
  const lastMessage = () => page.locator('.feed .msg').last();
  const focusedCell = () => page.evaluate<string>("document.activeElement?.getAttribute('aria-label') ?? ''");
  const picture = async (name: string): Promise<void> => {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  };

  test('the first open greets with three commands, one click from the composer', async () => {
    await page.locator('.welcome').waitFor();
    const offers = page.locator('.welcome button');
    expect(await offers.locator('b').allTextContents()).toEqual(['/deploy bot dev', '/edwin status', '/edwin help']);
    await offers.first().click();
    await composed('/deploy bot dev');
    expect(await composer().evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  });

  test('it paints at once, and nothing is loaded that is not ours', async () => {
    await page.locator('.board .rel').first().waitFor();
    const paint = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
    const hosts = await page.evaluate<string[]>(
      "[...new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin))]",
    );
    expect(hosts).toEqual([server.url]);
    // The promise is 500 ms; a machine that runs everything else at once gets twice that.
    expect(paint).toBeLessThan(1000);
  });

  test('a command is completed, sent, and its message is edited in place', async () => {
    await page.locator('body').press('/');
    await composer().fill('/deploy bot');
    const options = page.locator('.pop [role=option]');
    await options.first().waitFor();
    expect(await options.first().innerText()).toMatch(/\/deploy bot prod\s+release 42, proven in stage/);
    await composer().press('ArrowDown');
    await composer().press('ArrowDown');
    await composer().press('Tab');
    await composed('/deploy bot dev ');
    await type('/deploy bot stage');
    const message = page.locator('.msg', { hasText: 'bot 42 is on 4 of 6 instances in stage' }).last();
    await message.locator('.squares').waitFor();
    expect(await message.locator('.squares').getAttribute('aria-label')).toBe('4 of 6 done');
    expect(await page.locator('.cmd').last().innerText()).toBe('/deploy bot stage');
    await composed('');
    await picture('chat');
    const ts = (await message.getAttribute('id'))?.slice(2);
    await server.call('chat.update', {
      channel: 'C0DEPLOYS',
      ts,
      text: 'bot 42 serves in stage.',
      blocks: [{ type: 'header', text: { type: 'plain_text', text: 'bot 42 serves in stage.' } }],
    });
    await page.locator(`#m-${ts?.replace('.', '\\.')} .header`, { hasText: 'bot 42 serves in stage.' }).waitFor();
    await composer().press('ArrowUp');
    await composed('/deploy bot stage');
  });

  test('a thread opens, is answered, and closes with Escape', async () => {
    await type('/deploy bot stage');
    await page.getByRole('button', { name: '1 reply in the thread' }).last().click();
    await page.locator('.msg', { hasText: 'pulled on 3 hosts in 0.9 s' }).waitFor();
    await type('@edwin how long?');
    await page.locator('.msg .mention', { hasText: '@edwin' }).waitFor();
    await composer().press('Escape');
    await page.getByRole('button', { name: '2 replies in the thread' }).waitFor();
  });

  test('a dangerous button asks first; no leaves everything as it is', async () => {
    await type('/deploy bot stage');
    const message = lastMessage();
    const button = message.getByRole('button', { name: 'Cancel and keep 41' });
    await button.click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toContain('Release 41 stays on all six instances.');
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.waitFor({ state: 'detached' });
    await button.click();
    await dialog.getByRole('button', { name: 'Cancel and keep 41' }).click();
    await page.locator('.msg', { hasText: 'Cancelled. Release 41 stays.' }).waitFor();
  });

  test('a modal shows what is missing, then what the app says, then closes', async () => {
    await type('/deploy bot stage');
    await lastMessage().getByRole('button', { name: 'Show plan' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Please complete this required field.').waitFor();
    await dialog.getByLabel('Why').fill('no');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Say a little more.').waitFor();
    await picture('modal');
    await dialog.getByLabel('Why').fill('six are enough');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.msg', { hasText: 'The plan was changed: six are enough' }).waitFor();
  });

  test('what is for one person is not shown to another', async () => {
    const other = await open();
    await other.locator('nav select').selectOption('U0BOB');
    await type('/edwin help');
    await page.locator('.msg.whisper', { hasText: 'puts a release to work' }).last().waitFor();
    await other.locator('.cmd', { hasText: '/edwin help' }).last().waitFor();
    expect(await other.locator('.msg.whisper').count()).toBe(0);
    await other.context().close();
  });

  test('a command nobody acknowledges keeps its text and says so', async () => {
    await type('/late');
    await page.locator('.refused', { hasText: 'operation_timeout' }).waitFor();
    expect(await composer().inputValue()).toBe('/late');
  });

  test('hostile text stays text', async () => {
    const evil = '<img src=x onerror=alert(1)> &lt;script&gt; <javascript:alert(1)|here>';
    await server.call('chat.postMessage', { channel: 'C0DEPLOYS', text: evil });
    await server.call('chat.postMessage', {
      channel: 'C0DEPLOYS',
      text: 'x',
      blocks: [{ type: 'markdown', text: '<img src=x onerror=alert(1)> [a](javascript:alert(1))' }],
    });
    await page.locator('.msg .md').last().waitFor();
    expect(await page.locator('.feed img').count()).toBe(0);
    expect(await page.locator('.feed a[href^="javascript"]').count()).toBe(0);
    expect(await lastMessage().innerText()).toContain('<img src=x onerror=alert(1)>');
  });

  test('the board is walked by arrows, opened by Enter and left by Escape', async () => {
    await page.locator('[data-at="0/0"]').focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
    expect(await focusedCell()).toContain('bot in stage: release 41 → 42, 4 of 6');
    expect(await page.locator('.board [tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'bot in stage' }).waitFor();
    expect(await page.locator('.rows tbody tr', { hasText: 'bot-stage-42-e' }).innerText()).toContain('starting');
    await page.locator('pre.tail', { hasText: 'consuming bot.messages' }).waitFor();
    await page.locator('.chart canvas').first().waitFor();
    await picture('service');
    await page.getByRole('button', { name: 'Roll back' }).click();
    await composed('/rollback bot stage');
    await page.locator('aside h1').click();
    await page.keyboard.press('Escape');
    await page.locator('.board').waitFor();
  });

  test('states are told by words before colours', async () => {
    await page.locator('[data-at="4/2"]').waitFor();
    const words = async (at: string) =>
      (await page.locator(`[data-at="${at}"]`).innerText()).replace(/\s+/g, ' ').trim();
    expect(await words('0/1')).toMatch(/^16 81aa3c2 17 undone \d+ min ago 2 healthy$/);
    expect(await words('2/2')).toBe('41 9f2c1e0 stage is 1 release ahead 1 of 6 unhealthy');
    expect(await words('4/2')).toBe('not deployed');
    await picture('board');
  });

  test('a trace is linked, drawn across services, and opened span by span', async () => {
    const linked = await open({ hash: `#trace/stage/${MESSAGE_TRACE}` });
    await linked.locator('.span').nth(6).waitFor();
    expect(await linked.locator('.legend').innerText()).toMatch(/gateway\s*mailer\s*bot/);
    await linked.locator('.span', { hasText: 'POST /me/messages' }).click();
    await linked.locator('.detail', { hasText: 'it failed' }).waitFor();
    await linked.locator('.log', { hasText: 'Answered with item a2-past-014' }).waitFor();
    await linked.getByRole('link', { name: '← Traces' }).click();
    await linked.locator('.trace-row').first().waitFor();
    await linked.context().close();
  });

  test('logs are searched by words', async () => {
    await page.locator('aside .tabs a', { hasText: 'Logs' }).click();
    await page.locator('.log').first().waitFor();
    await page.getByRole('searchbox').fill('rate limited');
    await page.locator('.log').nth(1).waitFor({ state: 'detached' });
    expect(await page.locator('.log').innerText()).toContain('The Send API said');
  });

  test('a lost connection is said, and what happened meanwhile is shown', async () => {
    await server.restart(async () => {
      await page.locator('.banner', { hasText: 'Connection lost' }).waitFor();
      finish(server.fleet, Date.now());
    });
    await server.call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'said after the break' });
    await page.locator('.msg', { hasText: 'said after the break' }).waitFor();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.locator('[data-at="2/1"]', { hasText: '6 healthy' }).waitFor();
    await type('/edwin help');
    await page.locator('.msg.whisper').last().waitFor();
  }, 60_000);

  test.each([360, 768])(
    'at %i pixels chat, board and traces are tabs, and nothing is wider than the screen',
    async (width) => {
      const narrow = await open({ width, height: 780, dark: true });
      const tabs = narrow.getByRole('navigation', { name: 'Views' });
      await narrow.locator('#composer').waitFor();
      expect(await narrow.locator('aside').isVisible()).toBe(false);
      for (const name of ['Board', 'Traces', 'Logs', 'Chat']) {
        await tabs.getByRole('link', { name }).click();
        await narrow.locator(name === 'Chat' ? 'main' : 'aside').waitFor();
        expect(await narrow.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
      await narrow.context().close();
    },
  );

  test('unread messages are counted beside their channel', async () => {
    // What was there when the page began to listen is not unread.
    const listening = page.waitForResponse((response) => response.url().includes('/api/workspace/unread'));
    await page.reload();
    await listening;
    await fillChat(server);
    const link = page.locator('nav .link', { hasText: '# alerts' });
    await link.locator('.badge').waitFor();
    await link.click();
    await page.locator('.msg', { hasText: '1 of 6 instances is unhealthy' }).waitFor();
    expect(await link.locator('.badge').count()).toBe(0);
  });
});
