import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * A Chromium of this machine: `EDWIN_TEST_CHROMIUM`, or one on the path. Undefined when there is none, which is an
 * error with `EDWIN_REQUIRE_REAL=1`, as in CI.
 */
export function findChromium(): string | undefined {
  const named = process.env['EDWIN_TEST_CHROMIUM'];
  if (named) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
  if (!found && process.env['EDWIN_REQUIRE_REAL'] === '1')
    throw new Error('EDWIN_REQUIRE_REAL=1, and there is no Chromium');
  return found;
}

export async function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
