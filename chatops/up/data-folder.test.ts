import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { internalPorts, prepareDataFolder } from './data-folder';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-data-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the data folder', () => {
  test('is made for its owner alone', () => {
    prepareDataFolder(join(folder, 'a', 'b'));
    expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
  });

  test('that can not be made is refused with its name', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => prepareDataFolder(join(folder, 'file', 'data'))).toThrow(
      `The data folder ${join(folder, 'file', 'data')} can not be written`,
    );
  });

  test('on a full disk is told as such', () => {
    expect(() => prepareDataFolder('/dev/full')).toThrow(/can not be written|less than 200 MB/);
  });
});

describe('ports between programs', () => {
  test('are kept for the next start', async () => {
    const first = await internalPorts(folder, () => false);
    expect(await internalPorts(folder, () => false)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(4);
  });

  test('taken by others meanwhile are chosen anew, those of our running programs are not', async () => {
    const first = await internalPorts(folder, () => false);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(first.edge, '127.0.0.1', resolve));
    expect((await internalPorts(folder, (program) => program === 'edge')).edge).toBe(first.edge);
    expect((await internalPorts(folder, () => false)).edge).not.toBe(first.edge);
    await new Promise((resolve) => server.close(resolve));
  });
});
