import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import type { Pool } from '../../platform/database/postgres';
import { silent } from '../../platform/log';
import type { ChatMessage } from './conversations';
import { type MessengerDeps, messengerRoutes } from './routes';

export const APP_SECRET = 'app secret of stage';
export const PAGE_TOKEN = 'page-token-of-stage';

export interface RunningMessenger {
  /** Address of the environment `stage`: the page, the JSON addresses and the Send API. */
  readonly url: string;
  say(student: string, text: string): Promise<ChatMessage>;
  conversation(student: string): Promise<ChatMessage[]>;
  /** What the Send API shall do wrong next. */
  faults(...faults: { kind: string; times?: number; student?: string }[]): Promise<void>;
  call(method: string, path: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

/** The local Messenger on a real socket, with one environment. */
export async function startMessenger(
  pool: Pool,
  webhookUrl: () => string,
  options: Partial<MessengerDeps> = {},
  port = 0,
): Promise<RunningMessenger> {
  const stopping = new AbortController();
  const app = fastify();
  const deps: MessengerDeps = {
    pool,
    environments: ['stage'],
    appSecret: () => APP_SECRET,
    pageToken: () => PAGE_TOKEN,
    webhookUrl,
    stopping: stopping.signal,
    log: silent,
    ...options,
  };
  await app.register(messengerRoutes(deps), { prefix: '/messenger' });
  await app.listen({ port, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/messenger/stage`;
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  return {
    url,
    call,
    say: async (student, text) =>
      (await call('POST', `/students/${student}/messages`, { text })).json() as Promise<ChatMessage>,
    conversation: async (student) => {
      const answer = await call('GET', `/students/${student}/messages?limit=1000`);
      return ((await answer.json()) as { messages: ChatMessage[] }).messages;
    },
    faults: async (...faults) => void (await call('PUT', '/faults', faults)),
    close: async () => {
      stopping.abort();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}
