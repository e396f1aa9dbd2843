import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell } from '../../platform/fleet/cell';
import { until } from '../until';
import type { Controller, EnvironmentName, WorldAddress } from './world';

/**
 * What does not agree about a service: journal, hosts, edge and registry must all tell the same release, everywhere
 * and with as many instances as wanted. Empty when they do.
 */
export async function disagreements(
  { fleet, hosts, edge, registries }: Controller,
  service: string,
  environment: EnvironmentName,
  release: number | undefined,
): Promise<string[]> {
  const found: string[] = [];
  const check = (what: string, actual: unknown, expected: unknown): void => {
    const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (a !== b) found.push(`${what}: ${a} instead of ${b}`);
  };
  const [status] = await fleet.status({ service, environment });
  if (status === undefined) return [`no status of ${service} in ${environment}`];
  const instances = await hosts.instances({ service, environment });
  const running = instances.filter(({ state }) => state === 'running');
  const ids = running.map(({ id }) => id).sort();
  const wanted = release === undefined ? 0 : status.wanted;
  check('serving', status.serving?.number, release);
  check(
    'running',
    running.map(({ labels }) => labels.release),
    Array(wanted).fill(release),
  );
  const entries = await registries[environment].instances(service);
  check(
    'registry',
    entries.map(({ id }) => id),
    ids,
  );
  check(
    'health',
    entries.map(({ health }) => health),
    ids.map(() => 'passing'),
  );
  const servers = status.kind === 'http' ? await edge.servers({ service, environment }) : [];
  check(
    'edge',
    servers.map(({ id, state }) => `${id} ${state}`).sort(),
    status.kind === 'http' ? ids.map((id) => `${id} ready`) : [],
  );
  return found;
}

/** The keeper removes exited instances soon after an operation, but for the newest few, kept for their logs. */
export async function untilPruned({ hosts }: Pick<Controller, 'hosts'>, cell: Cell): Promise<void> {
  const kept = async () => (await hosts.instances(cell)).filter(({ state }) => state === 'exited').length;
  await until(async () => (await kept()) <= 3, { what: 'no more than three exited instances are kept' });
}

/** Ends the process of an instance as a crash would. */
export function kill(address: WorldAddress, instance: string): void {
  process.kill(processOf(address, instance), 'SIGKILL');
}

/** Id of the process of an instance. */
export function processOf(address: WorldAddress, instance: string): number {
  const started = JSON.parse(readFileSync(join(address.data, 'instances', instance, 'started.json'), 'utf8'));
  return (started as { process: { pid: number } }).process.pid;
}
