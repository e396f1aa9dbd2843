import { chooseHosts } from './choose-hosts';
import { openCrew } from './crew';
import { markOfConnections } from './given';
import { endInstance, stopInstance, unlist, untilDrained } from './instances';
import { LISTED_MS } from './listing';
import { environmentOf } from './parts';
import { forwardSteps } from './plan';
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
      onHealthy: (count) => {
        healthy = count;
        tellHealthy().catch(() => undefined); // the step tells it once more
      },
    });
  let healthy = 0;
  let telling: Promise<void> | undefined;
  /** Several that become healthy meanwhile are told together. */
  const tellHealthy = (): Promise<void> => {
    const write = async (): Promise<void> => {
      for (let told = -1; told !== healthy; ) {
        told = healthy;
        await parts.journal.progress(run.hold, `${told} of ${entry.wanted} healthy`, told);
      }
    };
    telling ??= write().finally(() => {
      telling = undefined;
    });
    return telling;
  };
  let members: ReturnType<typeof crew> | undefined;
  const team = () => {
    members ??= crew();
    return members;
  };

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
      healthy = entry.wanted;
      await tellHealthy();
      return `${entry.wanted} healthy`;
    },
    async shift(amid) {
      await team().complete('ready');
      await amid();
      const [there, servers] = await Promise.all([
        instancesOf(run, LISTED_MS),
        http ? parts.edge.servers(cell) : [],
        markOfConnections(parts, cell, to).then((mark) => parts.journal.serve(run.hold, to.number, mark)),
      ]);
      await amid();
      const old = idsOf(running(there.old));
      const ready = servers.filter(({ id }) => old.has(id));
      await Promise.all([unlist(parts, cell, old), ...ready.map(({ id }) => parts.edge.drain(cell, id))]);
      return http ? `${entry.wanted} added, ${ready.length} draining` : `release ${to.number} works`;
    },
    async drain() {
      const seconds = (from ?? to).snapshot.rollout.drainSeconds;
      const old = idsOf((await instancesOf(run, LISTED_MS)).old);
      const left = await team().meanwhile('ready', (signal) => untilDrained(parts, cell, old, seconds, signal));
      if (left > 0) return `${left} sessions left after ${seconds} s`;
      // Before they end, since engines that take containers down keep disks from what the edge writes.
      await Promise.all([...old].map((id) => parts.edge.remove(cell, id, { force: true })));
      return 'no sessions left';
    },
    async stop(amid) {
      // Edge and registry lead nobody to them since `shift`.
      const old = running((await instancesOf(run, LISTED_MS)).old);
      await team().meanwhile('ready', () => each(old, amid, (instance) => endInstance(parts, instance)));
      return `${old.length} stopped`;
    },
    async verify(amid) {
      // One that ends just now is replaced, and looked at once more; `complete` says when that is hopeless.
      for (let well = 0; well < entry.wanted; ) {
        await team().complete('ready');
        const there = instancesOf(run);
        const fresh = there.then((all) => idsOf(running(all.fresh)));
        await Promise.all([
          there.then(({ old }) => Promise.all(running(old).map((instance) => stopInstance(parts, cell, instance)))),
          forgetOthers(run, fresh, http, amid),
        ]);
        well = (await fresh).size;
      }
      return `${entry.wanted} well`;
    },
  };
  return { steps, acts };
}

/** Edge and registry keep only the given instances of the cell; they are asked while those are being found out. */
export async function forgetOthers(
  { parts, cell }: Run,
  keep: ReadonlySet<string> | Promise<ReadonlySet<string>>,
  http: boolean,
  amid: () => Promise<void>,
): Promise<void> {
  const { registry } = environmentOf(parts, cell.environment);
  const atEdge = async (): Promise<void> => {
    const [servers, kept] = await Promise.all([http ? parts.edge.servers(cell) : [], keep]);
    const others = servers.filter(({ id }) => !kept.has(id));
    await Promise.all(others.map(({ id }) => parts.edge.remove(cell, id, { force: true })));
  };
  const inRegistry = async (): Promise<void> => {
    const [entries, kept] = await Promise.all([registry.instances(cell.service), keep]);
    await Promise.all(entries.filter(({ id }) => !kept.has(id)).map(({ id }) => registry.deregister(id)));
  };
  await each([atEdge, inRegistry], amid, (work) => work());
}
