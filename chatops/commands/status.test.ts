import { silent } from '../../platform/log';
import type { TelemetryStore } from '../../platform/telemetry/telemetry';
import { cell, FleetDouble, operation, release, T0 } from '../../test/fleet-double';
import type { CommandContext } from '../command';
import { commands } from './list';
import { status } from './status';

const healthy = (id: string) => ({
  id,
  host: 'host-1',
  release: 42,
  state: 'healthy' as const,
  note: '',
  startedAt: T0,
});

async function board(cells: ReturnType<typeof cell>[]) {
  const fleet = new FleetDouble();
  fleet.cells = cells;
  const context: CommandContext = {
    actor: { id: 'cli:alice', name: 'alice', door: 'cli', standing: 'member' },
    fleet,
    telemetry: {} as TelemetryStore,
    log: silent,
    now: new Date(T0.getTime() + 38 * 60_000),
    key: '',
    origin: {},
    publicUrl: 'http://localhost',
    commands,
    queue: () => Promise.reject(new Error('no queue is here')),
    refusal: () => undefined,
    typed: (text) => text,
    progress: () => undefined,
  };
  return status.run({}, context);
}

test('the board tells release, commit, age and instances of each place', async () => {
  const serving = { serving: release('bot', 42), servingSince: T0, wanted: 2, instances: [healthy('a'), healthy('b')] };
  const reply = await board([
    cell(serving),
    cell({ environment: 'prod', ...serving, serving: release('bot', 41), behind: 1 }),
    cell({ environment: 'dev' }),
  ]);
  expect(reply.lines).toEqual([
    '     dev           stage                          prod',
    'bot  not deployed  42 c07d9a4, 38 min, 2 healthy  41 9f2c1e0, 38 min, 2 healthy, 1 behind',
  ]);
  expect(reply.message.text).toBe('2 of 3 places serve a release, and all of it is healthy.');
});

test('what moves is shown moving, and is not called ill', async () => {
  const running = operation({ state: 'running', progress: { done: 4, total: 6 } });
  const reply = await board([
    cell({ serving: release('bot', 41), running, wanted: 6, instances: [{ ...healthy('a'), state: 'starting' }] }),
  ]);
  expect(reply.lines?.[1]).toBe('bot  41 → 42, 4 of 6');
  expect(reply.message.text).toBe(
    '1 of 1 place serves a release, and all of it is healthy. bot in stage is being changed.',
  );
});

test('what is amiss is told in sentences', async () => {
  const ill = { ...healthy('bot-7'), state: 'unhealthy' as const, note: 'no answer' };
  const reply = await board([
    cell({
      serving: release('bot', 42),
      servingSince: T0,
      wanted: 2,
      instances: [healthy('a'), ill],
      drift: ['An orphan runs on host-2.'],
    }),
  ]);
  expect(reply.lines?.slice(2)).toEqual([
    '',
    'bot in stage: bot-7 on host-1 is unhealthy (no answer).',
    'bot in stage: An orphan runs on host-2.',
  ]);
  expect(reply.message).toMatchObject({ text: '1 of 1 place serves a release, and 2 things are amiss.', color: 'bad' });
});

test('an empty board says so', async () => {
  expect((await board([cell({}), cell({ environment: 'prod' })])).message.text).toBe('Nothing is deployed yet.');
});
