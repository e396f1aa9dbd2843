import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../../platform/errors';
import { identify, isRunning, type ProcessIdentity } from '../../platform/process';

export interface ProgramSpec {
  readonly name: string;
  /** Compiled entry point. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 when the program is well. */
  readonly healthUrl: string;
}

export interface Supervised {
  readonly name: string;
  /** True when it ran already, left by an earlier start. */
  readonly adopted: boolean;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves when the process is gone. */
  stop(graceMs: number): Promise<void>;
}

const LOG_LIMIT_BYTES = 20 * 1024 * 1024;
const READY_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 250;
const preload = join(__dirname, '..', '..', 'observability', 'instrument.js');

/**
 * Runs a program and keeps it running: it is started again, after a pause that grows to 15 s, whenever it ends. One
 * that runs since before is taken over, if it was started with the same settings and the same code.
 *
 *     (found running) ─┐
 *     spawn ───────────┴─► running ──ends──► pause ──► spawn         stop(): no more starts
 *
 * @throws `start.program-died` when it ends, or is not well within 30 s, at this first start
 */
export async function supervise(
  spec: ProgramSpec,
  options: { readonly folder: string; readonly build: string; readonly onRestart: (name: string) => void },
): Promise<Supervised> {
  const files = {
    state: join(options.folder, 'programs', `${spec.name}.json`),
    log: join(options.folder, 'logs', `${spec.name}.log`),
  };
  mkdirSync(join(options.folder, 'programs'), { recursive: true });
  mkdirSync(join(options.folder, 'logs'), { recursive: true });
  const digest = createHash('sha256')
    .update(JSON.stringify([spec.script, spec.env, options.build]))
    .digest('hex');

  const left = readState(files.state);
  const adopted = left !== undefined && left.digest === digest && isRunning(left.process);
  if (left && !adopted) await end(left.process, 5_000);
  let current = adopted ? left.process : start(spec, files, digest);
  let stopped = false;

  if (!adopted || !(await isWell(spec.healthUrl))) {
    try {
      await untilWell(spec, () => current, files.log);
    } catch (error) {
      await end(current, 2_000);
      rmSync(files.state, { force: true });
      throw error;
    }
  }

  const watch = async (): Promise<void> => {
    let failures = 0;
    let since = Date.now();
    while (!stopped) {
      await pause(LOOK_EVERY_MS);
      if (stopped || isRunning(current)) continue;
      failures = Date.now() - since > 60_000 ? 0 : failures + 1;
      options.onRestart(spec.name);
      await pause(Math.min(15_000, failures <= 1 ? 0 : 250 * 2 ** failures));
      if (stopped) return;
      current = start(spec, files, digest);
      since = Date.now();
    }
  };
  const watching = watch();

  return {
    name: spec.name,
    adopted,
    async stop(graceMs) {
      stopped = true;
      await end(current, graceMs);
      await watching;
      rmSync(files.state, { force: true });
    },
  };
}

/** Detached, with its output in a file: it outlives a killed supervisor and is found again by its state file. */
function start(spec: ProgramSpec, files: { state: string; log: string }, digest: string): ProcessIdentity {
  if ((statSync(files.log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) truncateSync(files.log, 0);
  const log = openSync(files.log, 'a', 0o600);
  const child = spawn(process.execPath, ['-r', preload, spec.script], {
    detached: true,
    stdio: ['ignore', log, log],
    env: spec.env as NodeJS.ProcessEnv,
  });
  closeSync(log);
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new EdwinError('start.program-died', `${spec.name} could not be started; log: ${files.log}.`);
  writeFileSync(files.state, JSON.stringify({ process: identity, digest }), { mode: 0o600 });
  return identity;
}

async function untilWell(spec: ProgramSpec, current: () => ProcessIdentity, log: string): Promise<void> {
  const deadline = Date.now() + READY_LIMIT_MS;
  while (!(await isWell(spec.healthUrl))) {
    if (!isRunning(current()))
      throw new EdwinError(
        'start.program-died',
        `${spec.name} ended while starting: ${lastLine(log)} Its log: ${log}.`,
      );
    if (Date.now() > deadline)
      throw new EdwinError('start.program-died', `${spec.name} was not well within 30 s. Its log: ${log}.`);
    await pause(25);
  }
}

async function isWell(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function end(identity: ProcessIdentity, graceMs: number): Promise<void> {
  send(identity, 'SIGTERM');
  if (await isGone(identity, graceMs)) return;
  send(identity, 'SIGKILL');
  await isGone(identity, 5_000);
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isRunning(identity)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

function readState(file: string): { process: ProcessIdentity; digest: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function lastLine(file: string): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.findLast((line) => !line.startsWith('{')) ?? lines.at(-1) ?? '';
}
