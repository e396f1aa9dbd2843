import type { Instance } from '../hosts/hosts';
import { chooseHosts } from './choose-hosts';
import { openCrew } from './crew';
import { markOfConnections } from './given';
import { endInstance, stopInstance, unlist, untilDrained } from './instances';
import { environmentOf } from './parts';
import { forwardSteps, type StepName } from './plan';
import { type Act, each, idsOf, instancesOf, type Run, running } from './run';

/**
 * The acts of a deployment or rollback. All new instances start at once beside the old ones, so that capacity is never
 * below what is wanted; whichever of them dies on the way is replaced before the operation ends.
 */
export function forwardActs(run: Run): { steps: ReturnType<typeof forwardSteps>; acts: Record<string, Act> } {
  const { parts, cell, entry, from, to } = run;
  const steps = forwardSteps({ kind: to.snapshot.kind, from: entry.from, to: entry.to, wanted: entry.wanted });
  const http = to.snapshot.kind === 'http' || from?.snapshot.kind === 'http';
  let hosts: readonly string[] = entry.placement ?? [];
  let placed = entry.placement !== undefined;
  const crew = () =>
    openCrew(run, {
      release: to,
      kind: '',
      count: entry.wanted,
      hosts,
      onHealthy: (healthy) => parts.journal.progress(run.hold, `${healthy} of ${entry.wanted} healthy`, healthy),
    });
  let members: ReturnType<typeof crew> | undefined;
  const team = () => {
    members ??= crew();
    return members;
  };
  const phase = (name: StepName) => steps.find((step) => step.name === name)?.phase ?? name;

  const acts: Record<string, Act> = {
    async prepare(amid) {
      if (!placed) {
        hosts = await chooseHosts(run, to, entry.wanted);
        await parts.journal.placed(run.hold, hosts);
      }
      // Nothing runs there yet: when a host is lost meanwhile, the next try chooses anew.
      placed = false;
      await each([...new Set(hosts)], amid, (host) => parts.images.ensure(to.image, host));
      placed = true;
      return [...new Set(hosts)].join(', ');
    },
    async start(amid) {
      await team().complete('started', amid);
      return `${entry.wanted} started on ${[...new Set(hosts)].join(', ')}`;
    },
    async healthy() {
      await team().complete('healthy');
      await parts.journal.progress(run.hold, phase('healthy'), entry.wanted);
      return `${entry.wanted} healthy`;
    },
    async register(amid) {
      await team().complete('registered', amid);
      return '';
    },
    async shift(amid) {
      await team().complete('ready');
      await amid();
      await parts.journal.serve(run.hold, to.number, await markOfConnections(parts, cell, to));
      await amid();
      const old = idsOf(running((await instancesOf(run)).old));
      const [servers] = await Promise.all([http ? parts.edge.servers(cell) : [], unlist(parts, cell, old)]);
      if (!http) return `release ${to.number} works`;
      const ready = servers.filter(({ id }) => old.has(id));
      await Promise.all(ready.map(({ id }) => parts.edge.drain(cell, id)));
      return `${entry.wanted} added, ${ready.length} draining`;
    },
    async drain() {
      const seconds = (from ?? to).snapshot.rollout.drainSeconds;
      const old = idsOf((await instancesOf(run)).old);
      const left = await team().meanwhile('ready', (signal) => untilDrained(parts, cell, old, seconds, signal));
      if (left > 0) return `${left} sessions left after ${seconds} s`;
      // Before they end, since engines that take containers down keep disks from what the edge writes.
      await Promise.all([...old].map((id) => parts.edge.remove(cell, id, { force: true })));
      return 'no sessions left';
    },
    async stop(amid) {
      // Edge and registry lead nobody to them since `shift`.
      const old = running((await instancesOf(run)).old);
      await team().meanwhile('ready', () => each(old, amid, (instance) => endInstance(parts, instance)));
      return `${old.length} stopped`;
    },
    async clear(amid) {
      const { fresh } = await instancesOf(run);
      await forgetOthers(run, idsOf(running(fresh)), http, amid);
      return '';
    },
    async verify() {
      // One that ends just now is replaced; `complete` says when that is hopeless.
      for (let fresh: Instance[] = []; fresh.length < entry.wanted; ) {
        await team().complete('ready');
        const there = await instancesOf(run);
        fresh = running(there.fresh);
        await Promise.all(running(there.old).map((instance) => stopInstance(parts, cell, instance)));
        await forgetOthers(run, idsOf(fresh), http, async () => undefined);
      }
      return `${entry.wanted} well`;
    },
  };
  return { steps, acts };
}

/** Edge and registry keep only the given instances of the cell. */
export async function forgetOthers(
  { parts, cell }: Run,
  keep: ReadonlySet<string>,
  http: boolean,
  amid: () => Promise<void>,
): Promise<void> {
  const { registry } = environmentOf(parts, cell.environment);
  const atEdge = async (): Promise<void> => {
    const servers = http ? await parts.edge.servers(cell) : [];
    await Promise.all(
      servers.filter(({ id }) => !keep.has(id)).map(({ id }) => parts.edge.remove(cell, id, { force: true })),
    );
  };
  const inRegistry = async (): Promise<void> => {
    const entries = await registry.instances(cell.service);
    await Promise.all(entries.filter(({ id }) => !keep.has(id)).map(({ id }) => registry.deregister(id)));
  };
  await each([atEdge, inRegistry], amid, (work) => work());
}
