import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../../platform/database/postgres';
import type { Operation, OperationRequest } from '../../platform/fleet/fleet';
import type { RunningFleet } from '../../platform/fleet/open';
import type { Boundary } from '../../platform/fleet/parts';
import type { Step } from '../../platform/fleet/plan';
import { until } from '../until';
import { disagreements, untilPruned } from './agreement';
import { compile } from './compile';
import type { Order, Report } from './controller';
import { createWorld, openFleetOn, openParts } from './world';

export type Moment = readonly [step: Boundary['step'], moment: Boundary['moment']];

/** Every boundary that a crash can fall on, in the order of the journal. */
export function moments(steps: readonly Step[]): Moment[] {
  return steps.flatMap(({ name, divisible }) =>
    (['started', ...(divisible ? (['amid'] as const) : []), 'acted', 'done'] as const).map(
      (moment) => [name, moment] as const,
    ),
  );
}

/**
 * Two controllers of one small product: the first is killed with -9 at a boundary of an operation, the second stands
 * by and takes over.
 */
export interface Killing {
  /** Releases of `web`: two that are well, and one whose instances exit at start. */
  readonly releases: { readonly a: number; readonly b: number; readonly broken: number };
  /** The good release that does not serve now. */
  other(): Promise<number>;
  /** How the operation ended in the hands of the second controller, and what then did not agree. */
  killedAt(
    moment: Moment,
    kind: 'deployment' | 'rollback',
    to: number,
  ): Promise<{ operation: Operation; found: string[] }>;
  /** Milliseconds from the death of the one to the work of the other. */
  medianTakeover(): number;
  close(): Promise<void>;
}

export async function openKilling(): Promise<Killing> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-faults-'));
  const program = compile('test/faults/controller.ts', folder);
  // Started ahead, since a process takes longer to load than an operation to run.
  let waiting: ChildProcess | undefined = fork(program);
  const world = await createWorld();
  const control = openPool(world.address.control);
  const parts = await openParts(world.address);
  const releases = await firstReleases();

  async function firstReleases(): Promise<Killing['releases']> {
    const fleet = await openFleetOn(parts, world.address, 'setup');
    const build = async (version: string, health: 'well' | 'exits'): Promise<number> => {
      world.product.commit({ version, health });
      return (await fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' })).release.number;
    };
    const built = { a: await build('a', 'well'), b: await build('b', 'well'), broken: await build('broken', 'exits') };
    await fleet.start();
    const { id } = await fleet.request(request('deployment', built.a, 'first'));
    await ended(fleet, id);
    await fleet.close();
    return built;
  }

  /** Has the order run by a process that dies of it; `onTaken` is called as soon as it runs the operation. */
  async function runAndDie(order: Order, onTaken: () => void): Promise<number> {
    const child = waiting ?? fork(program);
    waiting = fork(program);
    return new Promise((resolve, reject) => {
      let operation = 0;
      child.on('message', (report: Report) => {
        if ('failed' in report) return reject(new Error(report.failed));
        operation = report.taken;
        onTaken();
      });
      child.on('exit', (code, signal) => {
        if (signal === 'SIGKILL') resolve(operation);
        else reject(new Error(`the controller ended with ${code ?? signal} before the boundary`));
      });
      child.send(order);
    });
  }

  async function holderOf(operation: number): Promise<string | undefined> {
    const { rows } = await control.query<{ holder: string }>('SELECT holder FROM fleet.operations WHERE id = $1', [
      operation,
    ]);
    return rows[0]?.holder;
  }

  const takeovers: number[] = [];
  return {
    releases,
    medianTakeover: () => takeovers.sort((a, b) => a - b)[takeovers.length >> 1] ?? 0,
    async other() {
      const { rows } = await control.query<{ release: number }>('SELECT release FROM fleet.serving');
      return rows[0]?.release === releases.a ? releases.b : releases.a;
    },
    async killedAt([step, moment], kind, to) {
      const key = `${kind} to ${to} ${step} ${moment}`;
      const fleet = await openFleetOn(parts, world.address, `standby for ${key}`);
      try {
        const order = {
          address: world.address,
          holder: `first for ${key}`,
          request: request(kind, to, key),
          boundary: { step, moment },
        };
        const id = await runAndDie(order, () => void fleet.start());
        const died = performance.now();
        await until(async () => (await holderOf(id))?.startsWith('standby'), {
          what: 'the controller that stands by takes over',
        });
        takeovers.push(performance.now() - died);
        const operation = await ended(fleet, id);
        const release = operation.state === 'done' ? operation.to : operation.from;
        const found = await disagreements({ ...parts, fleet }, 'web', 'stage', release);
        await untilPruned(parts, { service: 'web', environment: 'stage' });
        return { operation, found };
      } finally {
        await fleet.close();
      }
    },
    async close() {
      waiting?.kill('SIGKILL');
      await control.end();
      await parts.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const request = (kind: 'deployment' | 'rollback', release: number, key: string): OperationRequest => ({
  kind,
  service: 'web',
  environment: 'stage',
  release,
  requestedBy: 'ada',
  key,
});

async function ended(fleet: RunningFleet, id: number): Promise<Operation> {
  let last: Operation | undefined;
  for await (const operation of fleet.follow(id, AbortSignal.timeout(20_000))) last = operation;
  return last as Operation;
}
