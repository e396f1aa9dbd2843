import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError, type ErrorCode, explain } from '../errors';
import type { Instance } from '../hosts/hosts';
import type { Logger } from '../log';
import type { Cell } from './cell';
import type { Release } from './fleet';
import type { Hold } from './journal';
import type { Boundary, FleetParts } from './parts';
import type { Step, StepName } from './plan';
import type { JournalEntry } from './rows';

/** One operation in the hands of this controller. */
export interface Run {
  readonly parts: FleetParts;
  readonly hold: Hold;
  readonly entry: JournalEntry;
  readonly cell: Cell;
  readonly from: Release | undefined;
  readonly to: Release;
  /** Aborts when the lease is lost or the controller stops; the operation stays as the journal has it. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** A step acts and says what it did. It may be called again after any crash. `amid` is awaited between its parts. */
export type Act = (amid: () => Promise<void>) => Promise<string>;

/** The release can not serve: the sentence says why, `instance` is the one whose log explains it. */
export class NeverHealthy extends Error {
  readonly instance: string | undefined;

  constructor(sentence: string, instance?: string) {
    super(sentence);
    this.instance = instance;
  }
}

/** Walks the steps that are not yet done, journaling each before it acts and after. */
export async function walk(
  run: Run,
  steps: readonly Step[],
  acts: Readonly<Partial<Record<StepName, Act>>>,
): Promise<void> {
  const done = await run.parts.journal.done(run.hold.operation);
  const left = steps.filter(({ position }) => !done.has(position));
  for (const [index, step] of left.entries()) {
    const act = acts[step.name];
    if (act === undefined) throw new Error(`no act for step ${step.name}`);
    run.signal.throwIfAborted();
    // The others begin where the one before is done.
    if (index === 0) await run.parts.journal.stepStarted(run.hold, step);
    run.log.info({ event: 'step.started', step: step.name }, step.phase);
    await reach(run, step, 'started');
    const detail = await insist(run, step, () => act(() => reach(run, step, 'amid')));
    await reach(run, step, 'acted');
    await run.parts.journal.stepDone(run.hold, step, detail, left[index + 1]);
    run.log.info({ event: 'step.done', step: step.name }, detail || step.phase);
    await reach(run, step, 'done');
  }
}

async function reach(run: Run, step: Step, moment: Boundary['moment']): Promise<void> {
  await run.parts.boundary?.({ step: step.name, moment, operation: run.hold.operation });
}

/** Errors of ports that pass by themselves. */
const passing = new Set<ErrorCode>(['edge.unreachable', 'registry.unreachable', 'hosts.unreachable', 'edge.busy']);
const PATIENCE_MS = 60_000;

/** Repeats a step while what it needs can not be reached; after a minute it is given up. */
async function insist(run: Run, step: Step, act: () => Promise<string>): Promise<string> {
  const begun = Date.now();
  for (let interval = 200; ; interval = Math.min(2_000, interval * 2)) {
    try {
      return await act();
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof EdwinError && passing.has(error.code))) throw error;
      if (Date.now() - begun > PATIENCE_MS) throw error;
      run.log.warn({ step: step.name, error }, `${error.message} The step is tried again.`);
      await run.parts.journal.progress(run.hold, `${step.phase}; ${explain(error)}`, run.entry.progress.done);
    }
    await pause(interval, undefined, { signal: run.signal }).catch(() => undefined);
  }
}

/** Runs all at once; `amid` is reached when the first is done. */
export async function each<T>(
  items: readonly T[],
  amid: () => Promise<void>,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let first = true;
  const results = await Promise.allSettled(
    items.map(async (item) => {
      await work(item);
      if (!first) return;
      first = false;
      await amid();
    }),
  );
  if (items.length === 0) await amid();
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

/**
 * Ids of the instances that an operation starts: the same in every controller that runs it. `kind` is `` for those of
 * the new release and `r` for those of the old one that an undo puts back.
 */
export function instanceId({ cell, hold }: Run, kind: '' | 'r', ordinal: number, attempt: number): string {
  return `${prefix(cell, hold)}${kind}${ordinal}${attempt > 1 ? `-${attempt}` : ''}`;
}

/** Ordinal and attempt of an instance of this operation; undefined for all others. */
export function numberOf(
  { cell, hold }: Run,
  kind: '' | 'r',
  id: string,
): { ordinal: number; attempt: number } | undefined {
  const start = prefix(cell, hold);
  if (!id.startsWith(start)) return undefined;
  const match = /^(r?)(\d+)(?:-(\d+))?$/.exec(id.slice(start.length));
  if (match === null || match[1] !== kind) return undefined;
  return { ordinal: Number(match[2]), attempt: Number(match[3] ?? 1) };
}

const prefix = (cell: Cell, hold: Hold) => `${cell.service}-${cell.environment}-${hold.operation}-`;

/** Instances of the cell, split by whether this operation brought them for its new release. */
export async function instancesOf(run: Run, maxAgeMs = 0): Promise<{ fresh: Instance[]; old: Instance[] }> {
  const all = await run.parts.listing.of(run.cell, maxAgeMs);
  const isFresh = ({ id }: Instance) => numberOf(run, '', id) !== undefined;
  return { fresh: all.filter(isFresh), old: all.filter((instance) => !isFresh(instance)) };
}

export const running = (instances: readonly Instance[]): Instance[] =>
  instances.filter(({ state }) => state === 'running');
export const idsOf = (instances: readonly { readonly id: string }[]): Set<string> =>
  new Set(instances.map(({ id }) => id));
