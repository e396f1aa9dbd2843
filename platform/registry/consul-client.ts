import { EventEmitter } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import Consul from 'consul';
import { z } from 'zod';
import { reconnectPause } from '../database/reconnect';
import { EdwinError } from '../errors';
import type { ConsulAddress } from './consul-address';
import { type Answer, type Failure, failureOf, isConsulAnswer } from './consul-errors';

/** Asks one agent of Consul; every question has a limit, and every failure is one of the registry's errors. */
export interface ConsulClient {
  readonly where: string;
  /**
   * Awaits a call of the library, made with the given options. An answer with a status of `also` is an answer, too;
   * others are errors: `registry.unreachable`, `registry.refused`.
   */
  ask(call: (consul: Consul, options: CallOptions) => Promise<unknown>, options?: AskOptions): Promise<Answer>;
  /** The agent we talk to, as it says itself; asked anew once the connection was lost. */
  agent(): Promise<AgentFacts>;
  close(): void;
}

interface AskOptions {
  readonly limitMs?: number;
  readonly also?: readonly number[];
  /** False for what must not happen twice: it is not asked again when it may have happened. */
  readonly again?: boolean;
  readonly signal?: AbortSignal;
}

/** Options that every method of the library takes. */
interface CallOptions {
  readonly timeout: number;
  readonly ctx: EventEmitter;
  /** Never set: the token is the library's default. */
  readonly token?: string;
}

interface AgentFacts {
  readonly node: string;
  readonly datacenter: string;
  readonly version: string;
}

/** Longer than a change of leader takes; a server that is frozen is given up then. */
const ANSWER_LIMIT_MS = 5_000;
/**
 * A server that starts knows its tokens only when it has read its log, and until then refuses them as unknown: that
 * is believed when it is still so after this time.
 */
const STARTING_MS = 2_000;
/** Far below the 200 connections that Consul allows one address, and enough that nothing waits. */
const MOST_SOCKETS = 32;

const selfSchema = z.object({
  Config: z.object({ NodeName: z.string(), Datacenter: z.string(), Version: z.string() }),
});

export function openConsulClient({ secure, host, port, token, tls, where }: ConsulAddress): ConsulClient {
  const options = { keepAlive: true, maxSockets: MOST_SOCKETS };
  const sockets = secure ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options);
  const consul = new Consul({ host, port, secure, agent: sockets, defaults: token === '' ? {} : { token } });
  let known: Promise<AgentFacts> | undefined;

  const once = async (
    call: (consul: Consul, options: CallOptions) => Promise<unknown>,
    timeout: number,
    also: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Answer | Failure> => {
    const ctx = Object.assign(new EventEmitter(), { includeResponse: true });
    const cancel = (): void => void ctx.emit('cancel');
    signal?.throwIfAborted();
    signal?.addEventListener('abort', cancel);
    try {
      const answer = await call(consul, { timeout, ctx });
      if (!isConsulAnswer(answer)) throw new Error('the library gave no response');
      return { status: answer[0].statusCode, body: answer[1], index: Number(answer[0].headers['x-consul-index']) };
    } catch (error) {
      return failureOf(error, where, also);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };

  const client: ConsulClient = {
    where,
    async ask(call, { limitMs = ANSWER_LIMIT_MS, also = [], again = true, signal } = {}) {
      const begun = performance.now();
      for (let tries = 0; ; tries++) {
        const passed = performance.now() - begun;
        const got = await once(call, Math.max(1, limitMs - passed), also, signal);
        if ('status' in got) return got;
        known = undefined; // another may answer at this address next time
        const anew = again ? limitMs : 0;
        const patience = { lost: tries === 0 ? anew : 0, busy: anew, unknown: STARTING_MS, final: 0 };
        const next = performance.now() + (got.kind === 'lost' ? 0 : reconnectPause(tries));
        if (signal?.aborted || next - begun >= patience[got.kind]) throw got.error;
        await pause(next - performance.now(), undefined, { ...(signal && { signal }) });
      }
    },
    agent() {
      if (known !== undefined) return known;
      const asked = client
        .ask((api, options) => api.agent.self(options))
        .then(({ body }) => {
          const { success, data } = selfSchema.safeParse(body);
          if (!success) throw new EdwinError('registry.refused', `What answers at ${where} is not Consul.`);
          const { Config } = data;
          return { node: Config.NodeName, datacenter: Config.Datacenter, version: Config.Version };
        });
      known = asked;
      asked.catch(() => {
        if (known === asked) known = undefined;
      });
      return asked;
    },
    close: () => sockets.destroy(),
  };
  return client;
}

/** Refuses to work with an agent of another environment. */
export async function checkDatacenter(client: ConsulClient, wanted: string): Promise<void> {
  const { datacenter } = await client.agent();
  if (datacenter !== wanted)
    throw new EdwinError(
      'registry.refused',
      `Consul at ${client.where} is the datacenter ${datacenter}, not ${wanted}.`,
    );
}
