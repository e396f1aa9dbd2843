import type { Cell } from './cell';
import type { Release } from './fleet';
import type { FleetParts } from './parts';
import { place, type Taken, whyNot } from './place';
import { NeverHealthy } from './run';

/**
 * Hosts for `count` more instances of a release, by what the hosts tell now.
 * @throws NeverHealthy naming each host and why it was refused
 */
export async function chooseHosts(
  { parts, cell }: { readonly parts: FleetParts; readonly cell: Cell },
  release: Release,
  count: number,
): Promise<string[]> {
  const { memoryMb, cpus } = release.snapshot;
  const [hosts, taken] = await Promise.all([parts.hosts.hosts(), takenBy(parts)]);
  const placement = place({ ...cell, count, memoryMb, cpus }, hosts, taken);
  if (placement.hosts === undefined)
    throw new NeverHealthy(`There is no room for ${count} of release ${release.number}: ${whyNot(placement)}.`);
  return [...placement.hosts];
}

/** What runs now takes what its release says; an instance whose release is not known takes nothing we could tell. */
async function takenBy(parts: FleetParts): Promise<Taken[]> {
  const instances = (await parts.listing.all(0)).filter(({ state }) => state !== 'exited');
  return Promise.all(
    instances.map(async ({ host, labels: { environment, service, release } }) => {
      const known = await parts.releases.get(service, release).catch(() => undefined);
      const { memoryMb = 0, cpus = 0 } = known?.snapshot ?? {};
      return { host, environment, service, memoryMb, cpus };
    }),
  );
}
