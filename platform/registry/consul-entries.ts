import {
  agentChecksSchema,
  type Check,
  checkIdOf,
  checksSchema,
  instanceOf,
  mark,
  notesOf,
  ours,
  oursAndNodes,
  outputOf,
  registrationOf,
} from './consul-checks';
import type { ConsulClient } from './consul-client';
import type { RegisteredInstance, Registration, ReportedHealth } from './registry';
import type { Entries } from './watch';

/** The entries of one datacenter, kept with the agent that the client talks to. */
export interface ConsulEntries {
  put(entry: Registration): Promise<void>;
  report(id: string, health: ReportedHealth, note: string): Promise<void>;
  remove(id: string): Promise<void>;
  read(service?: string): Promise<Entries>;
}

/** Consul removes an entry for which nobody vouched this long; its least is a minute. */
const forgottenAfter = (ttlSeconds: number): number => Math.max(60, 20 * ttlSeconds);
/** An entry is looked at this long after its time, when its agent has seen that it is over. */
const EXPIRY_MARGIN_MS = 100;
const MOST_VOUCHED = 10_000;

export function openConsulEntries(client: ConsulClient): ConsulEntries {
  /**
   * Ids that this process has registered itself. The others are registered once more before it vouches for them: an
   * agent writes to its servers with the token of whoever registered, which may be gone, and the entry may lie with
   * another agent, from before somebody moved.
   */
  const vouched = new Set<string>();

  const local = async (filter: string): Promise<Check[]> => {
    const { body } = await client.ask((api, options) => api.agent.checks({ ...options, filter }));
    return Object.values(agentChecksSchema.parse(body));
  };
  const everywhere = async (filter: string): Promise<Check[]> => {
    const { body } = await client.ask((api, options) => api.health.state({ ...options, state: 'any', filter }));
    return checksSchema.parse(body);
  };
  const ofService = (id: string): string => `${ours} and ServiceID == ${JSON.stringify(id)}`;

  /** Leaves the health of an entry that is there already. */
  const enter = async (entry: Registration): Promise<void> => {
    const { id, service, release, host, address, ttlSeconds } = entry;
    await client.ask((api, options) =>
      api.agent.service.register({
        ...options,
        id,
        name: service,
        // Without one, names would resolve to the address of Consul's own agent.
        address: address?.host ?? host,
        ...(address && { port: address.port }),
        tags: [mark, `release-${release}`],
        meta: { release: String(release), host },
        check: {
          name: 'vouched for by Edwin',
          checkid: checkIdOf(id),
          notes: notesOf(entry),
          status: 'critical',
          ttl: `${ttlSeconds}s`,
          deregistercriticalserviceafter: `${forgottenAfter(ttlSeconds)}s`,
          timeout: '',
        },
      }),
    );
    if (vouched.size >= MOST_VOUCHED) vouched.clear();
    vouched.add(id);
  };
  /** False when the agent has no such entry. */
  const vouch = async (id: string, health: ReportedHealth, note: string): Promise<boolean> => {
    const said = { id: checkIdOf(id), note: outputOf(note) };
    const { status } = await client.ask(
      (api, options) => api.agent.check[health === 'passing' ? 'pass' : 'fail']({ ...options, ...said }),
      { also: [404] },
    );
    return status !== 404;
  };
  const find = async (id: string): Promise<Registration | undefined> => {
    const [here, there] = await Promise.all([local(ofService(id)), everywhere(ofService(id))]);
    const found = here[0] ?? there[0];
    return found && registrationOf(found);
  };

  return {
    async put(entry) {
      const [present] = await local(ofService(entry.id));
      const isSame = present?.Notes === notesOf(entry);
      // First, so that no name ever resolves to a new address by the health of the old one.
      if (present && !isSame) await vouch(entry.id, 'critical', '');
      await enter(entry);
      if (!present) await vouch(entry.id, 'critical', '');
    },
    async report(id, health, note) {
      if (vouched.has(id) && (await vouch(id, health, note))) return;
      vouched.delete(id);
      const entry = await find(id);
      if (entry === undefined) return;
      await enter(entry);
      await vouch(id, health, note);
    },
    async remove(id) {
      vouched.delete(id);
      await client.ask((api, options) => api.agent.service.deregister({ ...options, id }), { also: [404] });
      const { node } = await client.agent();
      const elsewhere = (await everywhere(ofService(id))).filter(({ Node }) => Node !== node);
      for (const { Node } of elsewhere)
        await client.ask((api, options) => api.catalog.deregister({ ...options, node: Node, serviceid: id }));
    },
    async read(service) {
      const [{ node }, here, all] = await Promise.all([client.agent(), local(ours), everywhere(oursAndNodes)]);
      const dead = all.filter(({ CheckID, Status }) => CheckID === 'serfHealth' && Status !== 'passing');
      const deadNodes = new Set(dead.map(({ Node }) => Node));
      const found = new Map<string, RegisteredInstance>();
      const add = (instance: RegisteredInstance | undefined): void => {
        if (instance && (service === undefined || instance.service === service)) found.set(instance.id, instance);
      };
      // What our agent says of its own is newer than what it has told its servers.
      for (const check of all) if (check.Node !== node) add(instanceOf(check, !deadNodes.has(check.Node)));
      for (const check of here) add(instanceOf(check));
      const instances = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      const now = Date.now();
      const left = ({ reportedAt, ttlSeconds }: RegisteredInstance): number =>
        (reportedAt.getTime() + EXPIRY_MARGIN_MS - now) / 1_000 + ttlSeconds;
      const lefts = instances.map(left).filter((seconds) => seconds > 0);
      return { instances, nextExpiry: lefts.length > 0 ? Math.min(...lefts) : undefined };
    },
  };
}
