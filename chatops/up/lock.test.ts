import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../platform/process';
import { takeLock } from './lock';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the lock of a data folder', () => {
  test('is refused while its holder runs, and says which process that is', () => {
    takeLock(folder);
    expect(() => takeLock(folder)).toThrow(`Edwin already runs on ${folder} (process ${process.pid}).`);
  });

  test('is free again when released', () => {
    takeLock(folder).release();
    takeLock(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is one for each program that is started alone', () => {
    takeLock(folder, 'chatops');
    takeLock(folder, 'observability').release();
    expect(() => takeLock(folder, 'chatops')).toThrow('Edwin already runs');
  });

  test('of a killed process is taken over', async () => {
    const holder = spawn('sleep', ['60']);
    await once(holder, 'spawn');
    writeFileSync(join(folder, 'lock'), JSON.stringify(identify(holder.pid as number)));
    expect(() => takeLock(folder)).toThrow('already runs');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    takeLock(folder).release();
  });

  test('is not held by a process that merely has the same number', () => {
    const { pid } = spawnSync('true');
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, start: 'another time' }));
    takeLock(folder).release();
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid, start: '1' }));
    takeLock(folder).release();
  });

  test('that was half written when the machine stopped is taken over', () => {
    writeFileSync(join(folder, 'lock'), '{"pid": 12');
    takeLock(folder).release();
  });
});
