import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { traceFiles } from './autoscaler-files';
import { standalonePicture } from './autoscaler-picture';
import { report } from './autoscaler-report';
import { printDisturbances, printTraces } from './autoscaler-tables';
import { type Answer, disturbances, type Task } from './autoscaler-tasks';
import { machine } from './figures';

/**
 * `npm run bench:autoscaler -- [--traces FOLDER] [--report FILE] [--pictures FOLDER] [--seed N] [--workers N]`: all
 * policies on all load curves of a folder and in all disturbances, beside the clairvoyant optimum; prints the tables,
 * writes the report, and with `--pictures` one SVG for each load curve, as docs/autoscaling.md shows them. It uses every
 * processor unless `--workers` says how many.
 */
async function main(argv: readonly string[]): Promise<void> {
  const option = (name: string, otherwise: string): string => {
    const at = argv.indexOf(name);
    return at < 0 ? otherwise : (argv[at + 1] ?? otherwise);
  };
  const folder = option('--traces', process.env['EDWIN_TRACES'] ?? join('..', 'shared', 'traces'));
  const seed = Number(option('--seed', '1'));
  const file = resolve(option('--report', join('dist', 'autoscaler-report.html')));
  const workers = Number(option('--workers', String(availableParallelism())));
  if (!(workers >= 1)) throw new Error('--workers takes a number from 1 on');
  const began = Date.now();
  const files = traceFiles(folder);
  const tasks: Task[] = [
    ...files.map((trace): Task => ({ kind: 'trace', file: trace, seed })),
    ...Object.keys(disturbances).flatMap((scenario) =>
      files.map((trace): Task => ({ kind: 'scenario', file: trace, seed, scenario })),
    ),
  ];
  console.log(`${machine()}; ${files.length} load curves, ${tasks.length} tasks`);
  const answers = await inParallel(tasks, Math.min(Math.floor(workers), tasks.length));
  const traces = answers.flatMap((answer) => (answer.kind === 'trace' ? [answer.trace] : []));
  const disturbed = answers.flatMap((answer) => (answer.kind === 'scenario' ? [answer.scenario] : []));
  printTraces(traces);
  printDisturbances(disturbed);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, report(traces, disturbed, seed));
  const pictures = option('--pictures', '');
  if (pictures !== '') {
    mkdirSync(pictures, { recursive: true });
    for (const { name, picture } of traces)
      writeFileSync(join(pictures, `${name}.svg`), standalonePicture(picture, name.replace(/_/g, ' '), drawn));
  }
  console.log(`\n${Math.round((Date.now() - began) / 1000)} s; report: ${file}`);
}

/** Lines of a picture that is a file of its own. */
const drawn = ['keda-queue', 'optimum', 'edwin'];

/** Answers in the order of the tasks. A worker that dies ends the benchmark. */
function inParallel(tasks: readonly Task[], processes: number): Promise<Answer[]> {
  const answers: Answer[] = new Array(tasks.length);
  let next = 0;
  let done = 0;
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: processes }, () => fork(join(__dirname, 'autoscaler-worker.js')));
    const end = (): void => {
      for (const worker of workers) worker.disconnect();
    };
    for (const worker of workers) {
      let mine = -1;
      const ask = (): void => {
        if (next >= tasks.length) return;
        mine = next++;
        worker.send(tasks[mine]!);
      };
      worker.on('message', (answer: Answer) => {
        answers[mine] = answer;
        done += 1;
        progress(done, tasks.length);
        if (done === tasks.length) {
          end();
          resolve(answers);
        } else ask();
      });
      worker.on('exit', (code) => {
        if (done < tasks.length) {
          for (const other of workers) other.kill();
          reject(new Error(`a worker ended with ${code} at ${JSON.stringify(tasks[mine])}`));
        }
      });
      ask();
    }
  });
}

function progress(done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${done === all ? '' : `${done} of ${all}`}`);
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
