import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EdwinError, explain } from '../../platform/errors';
import { optimum } from './optimum';
import { readSimulateOptions, type SimulateOptions, simulateUsage } from './options';
import { policies } from './policies';
import { resultOf } from './result';
import { scenarios } from './scenarios';
import { simulate } from './simulate';
import { table } from './table';
import { readTrace, type Trace } from './trace';
import { openWorld, type World } from './world';

interface Streams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
}

/** `edwin autoscaler simulate …`: 0 done, 2 wrong usage or an unreadable trace. */
export function simulateCommand(argv: readonly string[], { out, err }: Streams): number {
  if (argv.includes('--help') || argv.includes('-h')) {
    out.write(`${simulateUsage}\n`);
    return 0;
  }
  try {
    const options = readSimulateOptions(argv);
    const trace = traceOf(options.trace);
    const world = worldOf(options, trace);
    const run = simulate(world, policies[options.policy]!());
    const best = optimum(world);
    const result = resultOf(world, run, best);
    out.write(`${options.json ? JSON.stringify(result) : table(result, best, world)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof EdwinError)) throw error;
    err.write(`${explain(error)}\n`);
    return 2;
  }
}

function traceOf(file: string): Trace {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `${code}`;
    throw new EdwinError('simulate.unreadable-trace', `${file} can not be read: ${why}.`, { cause: error });
  }
  return readTrace(basename(file), text);
}

function worldOf({ from, boot, seed, scenario, mishaps }: SimulateOptions, trace: Trace): World {
  const end = trace.startMs + trace.counts.length * trace.stepSeconds * 1000;
  if (from !== undefined && (from < trace.startMs || from > end - 60_000))
    throw new EdwinError(
      'simulate.usage',
      `--from ${iso(from)} is outside the trace, which spans ${iso(trace.startMs)} to ${iso(end)}.`,
    );
  return openWorld({
    trace,
    boot,
    seed,
    ...mishaps,
    ...(from !== undefined && { from }),
    ...(scenario !== undefined && { scenario: scenarios[scenario]! }),
  });
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
