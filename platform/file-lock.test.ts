import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from './file-lock';

describe('a file lock', () => {
  let folder: string;
  const lock = () => join(folder, 'lock');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edwin-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('lets one work at a time, tells who waits, and leaves nothing behind', async () => {
    let [inside, most, waits] = [0, 0, 0];
    const work = async (): Promise<void> => {
      inside++;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withFileLock(lock(), work, () => waits++)));
    expect(most).toBe(1);
    expect(waits).toBe(4);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is released when the work fails', async () => {
    await expect(withFileLock(lock(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(lock())).toBe(false);
  });

  test('is taken over from a process that has gone', async () => {
    writeFileSync(lock(), JSON.stringify({ pid: 4_000_000, start: '1' }));
    expect(await withFileLock(lock(), async () => 'done')).toBe('done');
  });
});
