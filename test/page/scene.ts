import type { InstanceStatus, Operation, OperationStep, ServiceStatus } from '../../platform/fleet/fleet';
import { cell, FleetDouble, operation, release } from '../fleet-double';

/**
 * A board as a team would have it in the middle of a morning: a deployment that runs, one that was undone, production
 * behind and with an unhealthy instance, a service that is not everywhere.
 */
export function sceneFleet(now: number): FleetDouble {
  const fleet = new FleetDouble();
  const ago = (seconds: number): Date => new Date(now - seconds * 1000);
  const commits: Record<string, string> = {
    gateway: '81aa3c2',
    mailer: '0c2d771',
    bot: '9f2c1e0',
    scheduler: '77c0aa1',
    analytics: 'e5b8d20',
  };
  const rel = (service: string, number: number, commit = commits[service] ?? '0000000') =>
    release(service, number, { commit: commit.padEnd(40, '0'), createdAt: ago(86_400) });
  const instances = (
    environment: string,
    service: string,
    number: number,
    count: number,
    states: InstanceStatus['state'][] = [],
  ): InstanceStatus[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `${service}-${environment}-${number}-${'abcdefgh'[index]}`,
      host: `host-${(index % { dev: 1, stage: 3, prod: 6 }[environment as 'dev']) + 1}`,
      release: number,
      state: states[index] ?? 'healthy',
      note: states[index] === 'unhealthy' ? 'GET /healthz answered 503' : '',
      startedAt: ago(2400 + index),
    }));
  const serving = (
    environment: string,
    service: string,
    number: number,
    count: number,
    since: number,
    more: Partial<ServiceStatus> = {},
    commit?: string,
  ): ServiceStatus =>
    cell({
      environment,
      service,
      kind: service === 'gateway' || service === 'mailer' ? 'http' : 'worker',
      serving: rel(service, number, commit),
      servingSince: ago(since),
      wanted: count,
      instances: instances(environment, service, number, count),
      ...more,
    });
  const running = operation({
    id: 812,
    state: 'running',
    requestedAt: ago(4),
    phase: 'starting on host-2',
    progress: { done: 4, total: 6 },
    origin: { channel: 'C0DEPLOYS' },
    steps: steps(now, [
      ['resolve, plan', 4, 3.9],
      ['pull on 3 hosts', 3.9, 3],
      ['start and health', 3, undefined],
      ['drain and stop', 2, undefined],
    ]),
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
  const undone = operation({
    id: 809,
    service: 'gateway',
    from: 16,
    to: 17,
    state: 'undone',
    requestedBy: 'bob',
    requestedAt: ago(1269),
    finishedAt: ago(1200),
    reason: 'It never became healthy (60 s).',
    progress: { done: 0, total: 2 },
  });
  const day = 86_400;
  fleet.cells = [
    serving('dev', 'gateway', 17, 1, 2280, {}, '4be1f90'),
    serving('stage', 'gateway', 16, 2, 2 * day, { last: undone }),
    serving('prod', 'gateway', 16, 4, 2 * day),
    serving('dev', 'mailer', 9, 1, day),
    serving('stage', 'mailer', 9, 2, day),
    serving('prod', 'mailer', 8, 2, 5 * day, { behind: 1 }, 'ae90f12'),
    serving('dev', 'bot', 43, 1, 120, {}, 'd1f3b07'),
    serving('stage', 'bot', 41, 6, 3 * day, {
      running,
      instances: instances('stage', 'bot', 42, 6, ['healthy', 'healthy', 'healthy', 'healthy', 'starting', 'starting']),
    }),
    serving('prod', 'bot', 41, 6, 3 * day, {
      behind: 1,
      instances: instances('prod', 'bot', 41, 6, ['healthy', 'healthy', 'healthy', 'healthy', 'healthy', 'unhealthy']),
    }),
    serving('dev', 'scheduler', 5, 1, 6 * day),
    serving('stage', 'scheduler', 5, 1, 6 * day),
    serving('prod', 'scheduler', 5, 2, 5 * day),
    serving('dev', 'analytics', 3, 1, 6 * day),
    cell({ environment: 'stage', service: 'analytics' }),
    cell({ environment: 'prod', service: 'analytics' }),
  ];
  fleet.operations.push(undone, running);
  fleet.built.push(rel('gateway', 17, '4be1f90'));
  fleet.lines.push(
    { instance: 'bot-stage-42-a', line: 'bot listens on 127.0.0.1:41833', at: ago(3) },
    { instance: 'bot-stage-42-a', line: 'consuming bot.messages with concurrency 10', at: ago(2) },
  );
  return fleet;
}

/** The running operation after its last step. */
export function finish(fleet: FleetDouble, now: number): void {
  const done: Partial<Operation> = {
    state: 'done',
    finishedAt: new Date(now),
    progress: { done: 6, total: 6 },
    phase: '',
  };
  const index = (fleet.cells ?? []).findIndex(({ running }) => running !== undefined);
  const found = fleet.cells?.[index];
  if (!found?.running || !fleet.cells) return;
  const { running, serving: _old, ...rest } = found;
  fleet.cells[index] = {
    ...rest,
    running: undefined,
    last: { ...running, ...done },
    serving: release('bot', 42, { commit: 'c07d9a4'.padEnd(40, '0') }),
    servingSince: new Date(now),
    instances: found.instances.map((one) => ({ ...one, state: 'healthy' })),
  };
  fleet.change(running.id, done);
}

function steps(now: number, list: readonly (readonly [string, number, number | undefined])[]): OperationStep[] {
  return list.map(([name, from, to]) => ({
    name,
    startedAt: new Date(now - from * 1000),
    finishedAt: to === undefined ? undefined : new Date(now - to * 1000),
    detail: '',
  }));
}
