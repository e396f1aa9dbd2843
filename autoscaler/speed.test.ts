import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..');

test('a decision for 200 services with four weeks of history takes at most 50 ms, and what is learned stays as large', async () => {
  const program = ['-r', './test/typescript.js', 'autoscaler/fixture-speed.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root, timeout: 280_000 });
  const { bytes, growth, milliseconds } = JSON.parse(stdout) as Record<string, number>;
  expect(bytes).toBeLessThan(150_000);
  expect(Math.abs(growth!)).toBeLessThan(10_000);
  expect(milliseconds).toBeLessThan(50);
}, 300_000);
