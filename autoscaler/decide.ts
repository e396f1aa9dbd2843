import { bootSecondsOf, learnBoots } from './boots';
import { boundsAt } from './bounds';
import { demandOf } from './demand';
import { shrinkBlocker } from './guard';
import { decideHosts, type Tenant } from './hosts';
import { decideInstances } from './instances';
import { learn } from './learn';
import type { Policy } from './policy';
import { roomFor } from './room';
import type { Ledger, PoolDecision, PoolSignals, ServiceDecision, Signals } from './signals';
import { newPoolState, newServiceState, type PoolState, type ServiceState, type State } from './state';

export interface Decisions {
  readonly services: Readonly<Record<string, ServiceDecision>>;
  readonly pools: Readonly<Record<string, PoolDecision>>;
  /** To be passed to the next call, and to be saved before the decisions are carried out. */
  readonly state: State;
}

/**
 * How many instances of each service, and how many hosts in each pool, with reasons. Pure: the same arguments give the
 * same decisions, and `state` is never changed. Services and pools of which there are no signals get no decision and
 * keep their state. Made for a call every 5 to 60 seconds.
 */
export function decide(now: number, signals: Signals, policy: Policy, ledger: Ledger, before: State): Decisions {
  const services: Record<string, ServiceDecision> = {};
  const pools: Record<string, PoolDecision> = {};
  const serviceStates: Record<string, ServiceState> = { ...before.services };
  const poolStates: Record<string, PoolState> = { ...before.pools };
  for (const [name, pool] of Object.entries(policy.pools)) {
    const found = signals.pools[name];
    if (found === undefined) continue;
    const poolStale = isStale(found.measuredAt, now, policy);
    const poolBefore = before.pools[name] ?? newPoolState;
    const known = poolStale ? poolBefore : learnBoots(poolBefore, found, now);
    const boot = bootSecondsOf(known, pool);
    const names = Object.keys(policy.services).filter((service) => policy.services[service]!.pool === name);
    const surroundings = {
      pool,
      bootMinutes: Math.max(1, Math.round(boot / 60)),
      alone: names.length === 1,
    };
    const tenants = names.map((service): Tenant & { stale: boolean; blocker: string | undefined } => {
      const own = signals.services[service];
      const rules = policy.services[service]!;
      const stale = own === undefined || isStale(own.measuredAt, now, policy);
      const state = before.services[service] ?? newServiceState();
      const learned = own === undefined || stale ? state : learn(state, own, rules, surroundings);
      if (own !== undefined) serviceStates[service] = learned;
      const demand = stale
        ? undefined
        : demandOf(
            learned,
            own,
            rules,
            surroundings.bootMinutes,
            coming(found, own.hostShare, boot, now, surroundings.alone),
          );
      const blocker = shrinkBlocker(service, own, learned, signals.incidents, now, policy.staleSeconds);
      return { name: service, signals: own, demand, stale, blocker };
    });

    const { decision, state } = decideHosts(known, {
      policy: pool,
      signals: found,
      tenants,
      bounds: boundsAt(pool, now, boot * 1000, policy),
      entry: ledger.pools[name],
      blocker: tenants.map(({ blocker }) => blocker).find((blocker) => blocker !== undefined),
      stale: poolStale,
      now,
    });
    pools[name] = decision;
    poolStates[name] = state;

    const leaving = new Set([...decision.drain, ...decision.remove]);
    const rooms = roomFor(found, tenants, leaving);
    tenants.forEach(({ name: service, signals: own, demand, stale, blocker }) => {
      if (own === undefined) return;
      const rules = policy.services[service]!;
      const settled = decideInstances(serviceStates[service]!, {
        policy: rules,
        signals: own,
        demand,
        bounds: boundsAt(rules, now, 60_000, policy),
        entry: ledger.services[service],
        room: rooms.get(service)!,
        leaving,
        blocker,
        stale,
        now,
      });
      services[service] = settled.decision;
      serviceStates[service] = settled.state;
    });
  }
  return { services, pools, state: { version: 1, services: serviceStates, pools: poolStates } };
}

function isStale(measuredAt: number, now: number, { staleSeconds }: Policy): boolean {
  return !(now - measuredAt <= staleSeconds * 1000);
}

/** Instances that booting hosts will have room for; only the sole service of a pool can count on all of it. */
function coming(
  { hosts }: PoolSignals,
  hostShare: number,
  boot: number,
  now: number,
  alone: boolean,
): { minutes: number; instances: number }[] {
  const instances = alone ? Math.max(1, Math.floor(1 / hostShare + 1e-9)) : 0;
  return hosts
    .filter(({ state }) => state === 'booting')
    .map(({ launchedAt }) => ({
      minutes: Math.max(1, Math.ceil((launchedAt + boot * 1000 - now) / 60_000)),
      instances,
    }));
}
