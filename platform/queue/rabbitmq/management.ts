import { Agent as HttpAgent, get as httpGet } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { EdwinError } from '../../errors';
import { withoutTrace } from '../../tracing';
import type { Address } from './address';
import { type Figures, figuresOf, historyOf, type QueueItem } from './figures';

/** What only the server's HTTP API tells. Its counts are up to about ten seconds old. */
export interface Management {
  /** @throws `queue.unreachable`, `queue.refused` of the API */
  figures(queue: string): Promise<Figures>;
  /** Names of all queues of the virtual host that begin so and end so. */
  names(beginning: string, end: string): Promise<string[]>;
  close(): void;
}

const ANSWER_LIMIT_MS = 2_000;
const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;
/** More than the queues behind one queue, and behind those of one service. */
const PAGE = 500;

export function openManagement({ management, vhost, tls }: Address): Management | undefined {
  if (management === undefined) return undefined;
  const secure = management.url.startsWith('https:');
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 4 });
  const { host } = new URL(management.url);
  const authorization = `Basic ${Buffer.from(`${management.user}:${management.password}`).toString('base64')}`;

  const queues = async (pattern: string, columns: string, history: string): Promise<QueueItem[]> => {
    const query = new URLSearchParams({
      name: pattern,
      use_regex: 'true',
      page: '1',
      page_size: String(PAGE),
      columns,
    });
    const url = `${management.url}/api/queues/${encodeURIComponent(vhost)}?${query}${history}`;
    const { status, text } = await withoutTrace(() =>
      read(secure ? httpsGet : httpGet, url, { agent, ...tls, headers: { authorization } }, host),
    );
    if (status === 401 || status === 403)
      throw new EdwinError(
        'queue.refused',
        `RabbitMQ's management API at ${host} refused user ${management.user} for virtual host ${vhost}.`,
      );
    if (status !== 200)
      throw new EdwinError('queue.unreachable', `RabbitMQ's management API at ${host} answered ${status}.`);
    return (JSON.parse(text) as { items: QueueItem[] }).items;
  };
  return {
    figures: async (queue) =>
      figuresOf(queue, await queues(`^${literal(queue)}(:.*)?$`, historyOf.columns, historyOf.query), Date.now()),
    names: async (beginning, end) => {
      const items = await queues(`^${literal(beginning)}.*${literal(end)}$`, 'name', '');
      return items.map(({ name }) => name).sort();
    },
    close: () => agent.destroy(),
  };
}

function read(
  get: typeof httpGet,
  url: string,
  options: Parameters<typeof httpsGet>[1] & object,
  host: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(
        new EdwinError('queue.unreachable', `RabbitMQ's management API at ${host} does not answer: ${error.message}.`, {
          cause: error,
        }),
      );
    const request = get(url, { ...options, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > ANSWER_LIMIT_BYTES) request.destroy(new Error('its answer is too long'));
      });
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', failed);
  });
}

/** As a regular expression that means just these characters. */
function literal(text: string): string {
  return text.replace(/[.:-]/g, '\\$&');
}
