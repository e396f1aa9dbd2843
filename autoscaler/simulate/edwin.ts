import { decide } from '../decide';
import { type Policy, policySchema } from '../policy';
import { type HostSignals, type ServiceSignals } from '../signals';
import { newState, type State } from '../state';
import { type Minutes, type Observation, plant, type SimulatedPolicy, type Start, type Wish } from './policy';

const SERVICE = 'worker';
const nobody = { services: {}, pools: {} };

/** Edwin's own policy as the running autoscaler decides it, of the one configuration that is shipped. */
export function edwin(): SimulatedPolicy {
  return new Edwin();
}

class Edwin implements SimulatedPolicy {
  readonly name = 'edwin';
  readonly periodSeconds = 15;
  private state: State = newState;
  private policy: Policy = policySchema.parse({ services: { [SERVICE]: {} } });
  private launched = 0;
  private booting: { id: string; since: number }[] = [];
  private up: HostSignals[] = [];

  begin({ bootSeconds }: Start): void {
    this.policy = policySchema.parse({
      services: { [SERVICE]: {} },
      pools: { default: { min: plant.minHosts, max: plant.maxHosts, bootSeconds: Math.max(1, bootSeconds) } },
    });
  }

  decide(observation: Observation, now: number): Wish {
    const hosts = this.follow(observation);
    const { services, pools, state } = decide(
      now,
      {
        services: { [SERVICE]: this.measured(observation) },
        pools: { default: { measuredAt: now, hosts } },
        incidents: [],
      },
      this.policy,
      nobody,
      this.state,
    );
    this.state = state;
    const pool = pools['default']!;
    const service = services[SERVICE]!;
    for (const id of pool.giveUp) this.booting = this.booting.filter((host) => host.id !== id);
    const gone = new Set([...pool.remove, ...pool.drain]);
    this.up = this.up.filter(({ id }) => !gone.has(id));
    const cancelled = this.booting.filter(({ id }) => gone.has(id)).length;
    this.booting = this.booting.filter(({ id }) => !gone.has(id));
    return {
      hosts: pool.hosts,
      instances: service.instances,
      reason: pool.reason,
      removeFirst: cancelled > 0 ? 'booting' : 'ready',
      giveUp: pool.giveUp.length,
    };
  }

  /** Gives hosts names: the oldest launches are taken to come up first. */
  private follow({ hosts }: Observation): HostSignals[] {
    const left = [...hosts.bootingSince];
    const still: typeof this.booting = [];
    for (const since of left) {
      const known = this.booting.find((host) => host.since === since && !still.includes(host));
      still.push(known ?? { id: `h${++this.launched}`, since });
    }
    const cameUp = this.booting.filter((host) => !still.includes(host));
    this.booting = still;
    const ready = (id: string, launchedAt: number): HostSignals => ({
      id,
      type: 'host',
      zone: 'a',
      state: 'ready',
      launchedAt,
      working: 1,
    });
    this.up.push(...cameUp.map(({ id, since }) => ready(id, since)));
    while (this.up.length < hosts.ready) this.up.push(ready(`h${++this.launched}`, 0));
    this.up.length = hosts.ready;
    const boots = still.map(({ id, since }) => ({ ...ready(id, since), state: 'booting' as const, working: 0 }));
    return [...this.up, ...boots];
  }

  private measured(observation: Observation): ServiceSignals {
    const { measuredAt, ready, unacknowledged, oldestSeconds, arrivalRate, serviceRate, busy } = observation;
    const { ready: running, starting } = observation.instances;
    const each = running > 0 ? unacknowledged / running : 0;
    return {
      measuredAt,
      release: '1',
      deploying: false,
      hostShare: 1 / plant.workersPerHost,
      ready,
      unacknowledged,
      oldestSeconds,
      arrivalRate,
      serviceRate,
      busy,
      minutes: unlearned(observation.minutes, this.state.services[SERVICE]?.memory.minute ?? -1),
      instances: Array.from({ length: running + starting }, (_, i) => ({
        id: `i${i}`,
        host: `h${Math.floor(i / plant.workersPerHost)}`,
        state: i < running ? 'ready' : 'starting',
        working: i < running ? each : 0,
      })),
    };
  }
}

function unlearned({ startMs, counts }: Minutes, learned: number): { minute: number; count: number }[] {
  const first = Math.floor(startMs / 60_000);
  const found: { minute: number; count: number }[] = [];
  for (let i = Math.max(0, learned + 1 - first); i < counts.length; i++)
    if (!Number.isNaN(counts[i]!)) found.push({ minute: first + i, count: counts[i]! });
  return found;
}
