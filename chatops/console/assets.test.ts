import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAssets } from './assets';

const folder = join(__dirname, 'page');
const assets = readAssets(folder);

test('the whole page, charts included, is below 150 kB compressed', () => {
  const bytes = [assets.index, ...assets.files.values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
  expect(bytes).toBeLessThan(150_000);
});

test('every address in the page is a file, and nothing is left to fill in', () => {
  const html = assets.index.body.toString();
  expect(html).not.toContain('{{');
  const named = [...html.matchAll(/"(\/(?:page|modules)\/[^"]+)"/g)].map(([, path]) => path);
  expect(named.length).toBeGreaterThan(20);
  for (const path of named) expect(assets.files.has(path ?? '')).toBe(true);
});

/** Tokens of the light and of the dark theme. */
function themes(): Record<string, string>[] {
  const css = readFileSync(join(folder, 'theme.css'), 'utf8');
  return [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) =>
    Object.fromEntries(
      [...(body ?? '').matchAll(/--([\w-]+): (#[0-9a-f]+);/g)].map(([, name, value]) => [name, value]),
    ),
  );
}

function luminance(color: string): number {
  const hex = color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit).join('') : color.slice(1, 7);
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test.each(['light', 'dark'])(
  'every text of the %s theme has a contrast of 4.5 on every ground it stands on',
  (name) => {
    const theme = themes()[name === 'light' ? 0 : 1] ?? {};
    const pairs = [
      ...['text', 'soft', 'faint', 'accent', 'good', 'warn', 'bad'].flatMap((text) =>
        ['bg', 'panel'].map((ground) => [text, ground]),
      ),
      ...['text', 'soft'].flatMap((text) => ['code', 'accent-soft'].map((ground) => [text, ground])),
      ['accent', 'accent-soft'],
      ['warn', 'warn-soft'],
      ['bad', 'bad-soft'],
      ['on-accent', 'accent'],
      ['on-accent', 'bad'],
    ] as [string, string][];
    const low = pairs.filter(([text, ground]) => {
      const [light = 0, dark = 0] = [theme[text] ?? '', theme[ground] ?? ''].map(luminance).sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05) < 4.5;
    });
    expect(low).toEqual([]);
  },
);
