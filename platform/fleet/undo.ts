import { chooseHosts } from './choose-hosts';
import { openCrew } from './crew';
import { forgetOthers } from './forward';
import { admit, register, stopInstance, unlist, untilDrained } from './instances';
import { undoSteps } from './plan';
import { type Act, each, idsOf, instancesOf, NeverHealthy, numberOf, type Run, running } from './run';

/**
 * The acts that put the old release back everywhere. Old instances that still run are only let back into traffic;
 * missing ones are started and must become healthy. What can not be put back is written down, and the operation then
 * ends as failed; the old release stays the one that shall serve, and the keeper goes on trying.
 */
export function undoActs(run: Run): { steps: ReturnType<typeof undoSteps>; acts: Record<string, Act> } {
  const { parts, cell, entry, from, to } = run;
  const steps = undoSteps({ kind: to.snapshot.kind, from: entry.from, to: entry.to, wanted: entry.wanted });
  const http = to.snapshot.kind === 'http' || from?.snapshot.kind === 'http';

  const acts: Record<string, Act> = {
    async restore(amid) {
      const sentence = await restore(run, amid);
      if (from) await parts.journal.serve(run.hold, from.number);
      return sentence;
    },
    async withdraw() {
      const fresh = idsOf((await instancesOf(run)).fresh);
      await unlist(parts, cell, fresh);
      const servers = (await parts.edge.servers(cell)).filter(({ id }) => fresh.has(id));
      await Promise.all(servers.map(({ id }) => parts.edge.drain(cell, id)));
      const left = await untilDrained(parts, cell, fresh, to.snapshot.rollout.drainSeconds, run.signal);
      return `${servers.length} withdrawn${left === 0 ? '' : `, ${left} sessions left`}`;
    },
    async halt(amid) {
      if (from === undefined) await parts.journal.serve(run.hold, undefined);
      const fresh = running((await instancesOf(run)).fresh);
      await each(fresh, amid, (instance) => stopInstance(parts, cell, instance));
      return `${fresh.length} stopped`;
    },
    async sweep(amid) {
      const sentence = from === undefined ? 'nothing serves' : await restore(run, async () => undefined);
      const { old } = await instancesOf(run);
      await forgetOthers(run, idsOf(running(old)), http, amid);
      return sentence;
    },
  };
  return { steps, acts };
}

/** Brings the old release back to the wanted number; a failure is journaled as damage. */
async function restore(run: Run, amid: () => Promise<void>): Promise<string> {
  const { parts, cell, entry, from } = run;
  if (from === undefined) return 'nothing serves';
  try {
    const { old } = await instancesOf(run);
    const remaining = running(old).filter(
      ({ id, labels }) => labels.release === from.number && numberOf(run, 'r', id) === undefined,
    );
    for (const instance of remaining) {
      await register(parts, cell, from, instance);
      await admit(parts, cell, from, instance);
    }
    await amid();
    const missing = Math.max(0, entry.wanted - remaining.length);
    if (missing > 0) {
      const hosts = await chooseHosts(run, from, missing);
      await Promise.all([...new Set(hosts)].map((host) => parts.images.ensure(from.image, host)));
      await openCrew(run, { release: from, kind: 'r', count: missing, hosts }).complete('ready');
    }
    return `release ${from.number} serves with ${entry.wanted}`;
  } catch (error) {
    if (!(error instanceof NeverHealthy)) throw error;
    const sentence = `Release ${from.number} could not be put back: ${error.message}`;
    await parts.journal.damaged(run.hold, sentence);
    return sentence;
  }
}
