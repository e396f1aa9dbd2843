import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvOf, madeUp, madeUpTrace } from './autoscaler-traces';

/** `node dist/test/bench/autoscaler-holdout.js FOLDER [SEED]` writes the made-up load curves as CSV files. */
const [folder, seed = '1'] = process.argv.slice(2);
if (folder === undefined || !/^\d+$/.test(seed)) {
  console.error('Usage: node dist/test/bench/autoscaler-holdout.js FOLDER [SEED]');
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  for (const name of madeUp) {
    const file = join(folder, `${name}-${seed}.csv`);
    writeFileSync(file, csvOf(madeUpTrace(name, Number(seed))));
    console.log(file);
  }
}
