import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool, type Pool } from '../../platform/database/postgres';
import type { Operation, OperationRequest } from '../../platform/fleet/fleet';
import type { RunningFleet } from '../../platform/fleet/open';
import type { Boundary } from '../../platform/fleet/parts';
import { forwardSteps, type Step, undoSteps } from '../../platform/fleet/plan';
import { until } from '../until';
import { disagreements } from './agreement';
import { compile } from './compile';
import type { Order, Report } from './controller';
import { createWorld, openFleetOn, openParts, type Parts, type World } from './world';

/**
 * A controller is killed with -9 at every boundary of the journal that the plan has, and another one that stands by
 * takes over. Afterwards the operation is final, and journal, hosts, edge and registry agree on the release it tells.
 */
let folder: string;
let world: World;
let program: string;
let parts: Parts;
let control: Pool;
let waiting: ChildProcess | undefined;
/** Releases of `web`: two that are well, and one whose instances exit at start. */
const releases = { a: 0, b: 0, broken: 0 };
const takeovers: number[] = [];

const moments = ({ divisible }: Step): Boundary['moment'][] => [
  'started',
  ...(divisible ? ['amid' as const] : []),
  'acted',
  'done',
];
const walk = (steps: readonly Step[]) =>
  steps.flatMap((step) => moments(step).map((moment) => [step.name, moment] as const));
const plan = { kind: 'http' as const, from: 1, to: 2, wanted: 2 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-faults-'));
  program = compile('test/faults/controller.ts', folder);
  waiting = fork(program);
  world = await createWorld();
  control = openPool(world.address.control);
  parts = await openParts(world.address);
  const fleet = await openFleetOn(parts, world.address, 'setup');
  try {
    const build = async (version: string, health: 'well' | 'exits'): Promise<number> => {
      world.product.commit({ version, health });
      return (await fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' })).release.number;
    };
    releases.a = await build('a', 'well');
    releases.b = await build('b', 'well');
    releases.broken = await build('broken', 'exits');
    await fleet.start();
    const { id } = await fleet.request(request('deployment', releases.a, 'first'));
    expect((await ended({ fleet }, id)).state).toBe('done');
  } finally {
    await fleet.close();
  }
});

afterAll(async () => {
  waiting?.kill('SIGKILL');
  await control?.end();
  await parts?.close();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
  takeovers.sort((a, b) => a - b);
  console.log(
    `takeovers ${takeovers.length}, median ${takeovers[takeovers.length >> 1]} ms, slowest ${takeovers.at(-1)} ms`,
  );
});

const request = (kind: 'deployment' | 'rollback', release: number, key: string): OperationRequest => ({
  kind,
  service: 'web',
  environment: 'stage',
  release,
  requestedBy: 'ada',
  key,
});

async function ended({ fleet }: { fleet: RunningFleet }, id: number): Promise<Operation> {
  let last: Operation | undefined;
  for await (const operation of fleet.follow(id, AbortSignal.timeout(20_000))) last = operation;
  return last as Operation;
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

/** Runs an operation whose controller dies at the boundary, and gives how it ended in the hands of the next one. */
async function killedAt(
  boundary: Omit<Boundary, 'operation'>,
  kind: 'deployment' | 'rollback',
  to: number,
): Promise<{ operation: Operation; found: string[] }> {
  const key = `${kind} to ${to} ${boundary.step} ${boundary.moment}`;
  const fleet = await openFleetOn(parts, world.address, `standby for ${key}`);
  const standby = { ...parts, fleet };
  try {
    const order = { address: world.address, holder: `first for ${key}`, request: request(kind, to, key), boundary };
    const id = await runAndDie(order, () => void fleet.start());
    const died = Date.now();
    await until(async () => (await holderOf(id))?.startsWith('standby'), { what: 'the other controller takes over' });
    takeovers.push(Date.now() - died);
    const operation = await ended(standby, id);
    const expected = operation.state === 'done' ? operation.to : operation.from;
    return { operation, found: await disagreements(standby, 'web', 'stage', expected) };
  } finally {
    await fleet.close();
  }
}

async function holderOf(operation: number): Promise<string | undefined> {
  const { rows } = await control.query<{ holder: string }>('SELECT holder FROM fleet.operations WHERE id = $1', [
    operation,
  ]);
  return rows[0]?.holder;
}

/** The release of the two good ones that does not serve now. */
async function other(): Promise<number> {
  const { rows } = await control.query<{ release: number }>('SELECT release FROM fleet.serving');
  return rows[0]?.release === releases.a ? releases.b : releases.a;
}

test.each(walk(forwardSteps(plan)))(
  'a deployment whose controller is killed at %s, %s, is done',
  async (step, moment) => {
    const { operation, found } = await killedAt({ step, moment }, 'deployment', await other());
    expect(operation.state).toBe('done');
    expect(found).toEqual([]);
  },
);

test.each(walk(forwardSteps(plan)))(
  'a rollback whose controller is killed at %s, %s, is done',
  async (step, moment) => {
    const { operation, found } = await killedAt({ step, moment }, 'rollback', await other());
    expect(operation.state).toBe('done');
    expect(found).toEqual([]);
  },
);

test.each(walk(undoSteps(plan)))('an undo whose controller is killed at %s, %s, is undone', async (step, moment) => {
  const { operation, found } = await killedAt({ step, moment }, 'deployment', releases.broken);
  expect(operation.state).toBe('undone');
  expect(operation.reason).toContain('exited with status 3, 3 times in a row');
  expect(found).toEqual([]);
});
