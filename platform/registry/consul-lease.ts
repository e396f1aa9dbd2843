import { z } from 'zod';
import type { ConsulClient } from './consul-client';
import { type KeptLease, keepLease } from './kept-lease';

/**
 * Leases as keys locked by sessions. The fence is Consul's index of the write that took the key: it only rises,
 * whatever happens to the key. Consul frees a dead holder's session after 10 to 20 s, however short the lease; so a
 * holder also writes a beat into the key, and who has seen no beat for the lease's time, by its own clock, takes the
 * key over, in one transaction that a beat in the last moment defeats. The holder stops being sure before that.
 */
export interface ConsulLeases {
  take(name: string, holder: string, ttlSeconds: number): Promise<KeptLease | undefined>;
}

/** Bounds of a session's time to live, in seconds. */
const [SHORTEST, LONGEST] = [10, 86_400];

const sessionSchema = z.object({ ID: z.string() });
const keySchema = z.object({
  ModifyIndex: z.number(),
  Session: z.string().optional(),
  Value: z.string().nullable(),
});
type Key = z.infer<typeof keySchema>;
const takenSchema = z.object({ Results: z.array(z.object({ KV: z.object({ ModifyIndex: z.number() }) })).min(1) });
const valueSchema = z.object({ holder: z.string(), ttlSeconds: z.number() });

export function openConsulLeases(client: ConsulClient): ConsulLeases {
  /** When we first saw each key as it was when we saw it last. */
  const seen = new Map<string, { readonly index: number; readonly since: number }>();

  const readKey = async (key: string): Promise<Key | undefined> => {
    const call = { key, consistent: true };
    const { status, body } = await client.ask((api, options) => api.kv.get({ ...options, ...call }), { also: [404] });
    return status === 404 ? undefined : keySchema.parse(body);
  };
  /** Undefined when the transaction was refused because something is not as it expects. */
  const transact = async (steps: readonly Record<string, unknown>[], limitMs?: number): Promise<unknown> => {
    const operations = steps.map((step) => ({ KV: step })) as never[];
    const { status, body } = await client.ask(
      (api, options) => api.transaction.create(operations, { ...options, operations }),
      { also: [409], again: false, ...(limitMs !== undefined && { limitMs }) },
    );
    return status === 409 ? undefined : body;
  };
  const destroy = async (session: string): Promise<void> => {
    await client.ask((api, options) => api.session.destroy({ ...options, id: session }), { also: [404] });
  };
  const isOutlived = (key: string, { ModifyIndex: index, Value }: Key, asked: number): boolean => {
    const last = seen.get(key);
    if (last?.index !== index) {
      seen.set(key, { index, since: performance.now() });
      return false;
    }
    const { success, data } = valueSchema.safeParse(parsed(Value));
    return success && asked - last.since >= data.ttlSeconds * 1_000;
  };

  return {
    async take(name, holder, ttlSeconds) {
      const key = `edwin/leases/${name}`;
      const looked = performance.now();
      const present = await readKey(key);
      const before = present?.Session;
      if (present && before !== undefined && !isOutlived(key, present, looked)) return undefined;

      const { body } = await client.ask(
        (api, options) =>
          api.session.create({
            ...options,
            name: `edwin ${name}`,
            ttl: `${Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(2 * ttlSeconds)))}s`,
            behavior: 'release',
            // Others wait by their own clocks (above) and are fenced.
            lockdelay: '0s',
            // None: a node that only seems dead must not end a session whose holder is still sure.
            checks: [],
          }),
        { again: false },
      );
      const { ID: session } = sessionSchema.parse(body);
      const value = (beat: number): string =>
        Buffer.from(JSON.stringify({ holder, ttlSeconds, beat })).toString('base64');
      const over = present &&
        before !== undefined && [
          { Verb: 'check-index', Key: key, Index: present.ModifyIndex },
          { Verb: 'unlock', Key: key, Session: before, Value: value(0) },
        ];
      const asked = performance.now();
      try {
        const taken = await transact([...(over || []), { Verb: 'lock', Key: key, Session: session, Value: value(0) }]);
        if (taken === undefined) {
          await destroy(session);
          return undefined;
        }
        seen.delete(key);
        const fence = takenSchema.parse(taken).Results.at(-1)?.KV.ModifyIndex ?? 0;
        let beats = 0;
        return keepLease({
          name,
          holder,
          fence,
          ttlSeconds,
          asked,
          async renew() {
            const limitMs = ttlSeconds * 300;
            const { status } = await client.ask((api, options) => api.session.renew({ ...options, id: session }), {
              also: [404],
              limitMs,
            });
            if (status === 404) return false;
            const beat = { Verb: 'lock', Key: key, Session: session, Value: value(++beats) };
            return (
              (await transact([{ Verb: 'check-session', Key: key, Session: session }, beat], limitMs)) !== undefined
            );
          },
          free: () => destroy(session),
        });
      } catch (error) {
        destroy(session).catch(() => undefined); // it may have the key; else it ends by itself
        throw error;
      }
    },
  };
}

function parsed(value: string | null): unknown {
  try {
    return JSON.parse(value ?? '');
  } catch {
    return undefined;
  }
}
