import type { Tenant } from './hosts';
import type { PoolSignals } from './signals';

/**
 * Instances of each service that the hosts have room for, those that boot included: what is wanted there starts the
 * moment they are ready. Each gets what it needs at once; what is left over is
 * shared in proportion, since hosts that are paid for may as well be filled; when there is too little, so is that.
 */
export function roomFor(
  { hosts }: PoolSignals,
  tenants: readonly Tenant[],
  leaving: ReadonlySet<string>,
): Map<string, number> {
  const there = hosts.filter(({ id, state }) => state !== 'draining' && !leaving.has(id)).length;
  const needs = tenants.map(({ name, signals, demand }) => {
    const share = signals?.hostShare ?? 0;
    const here = signals?.instances.filter(({ state }) => state !== 'draining').length ?? 0;
    return { name, share, taken: share * Math.max(demand === undefined ? here : demand.soon, 1e-6) };
  });
  const total = needs.reduce((sum, { taken }) => sum + taken, 0);
  const scale = total > 0 ? there / total : 0;
  return new Map(
    needs.map(({ name, share, taken }) => [name, share > 0 ? Math.floor((taken * scale) / share + 1e-6) : 0]),
  );
}
