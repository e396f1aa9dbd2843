import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const KEPT_EVENTS = 2000;
const MOST_CLIENTS = 40;
/** A client that reads so slowly is cut; it comes back with the id of what it saw last. */
const MOST_BUFFERED_BYTES = 1_000_000;
const HEARTBEAT_MS = 15_000;

interface StreamEvent {
  readonly number: number;
  /** The only person whose streams get it. */
  readonly to: string | undefined;
  readonly text: string;
}

interface Client {
  readonly user: string;
  readonly response: ServerResponse;
}

/**
 * Server-sent events to every open page. Each has an id; a page that was away names the last one it saw and gets what
 * it missed, or `reset` when that is no longer known, which means: load everything again.
 */
export interface Stream {
  publish(event: string, data: unknown, to?: string): void;
  /** False when there are too many clients. */
  connect(response: ServerResponse, user: string, last: string | undefined): boolean;
  readonly clients: number;
  close(): void;
}

export function createStream(onAudience: (present: boolean) => void): Stream {
  const boot = randomBytes(4).toString('hex');
  const kept: StreamEvent[] = [];
  const clients = new Set<Client>();
  let number = 0;

  const write = (client: Client, text: string): void => {
    client.response.write(text);
    if (client.response.writableLength > MOST_BUFFERED_BYTES) client.response.destroy();
  };
  const heartbeat = setInterval(() => {
    for (const client of clients) write(client, ': still here\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    get clients() {
      return clients.size;
    },
    publish(event, data, to) {
      number += 1;
      const text = `id: ${boot}-${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      kept.push({ number, to, text });
      if (kept.length > KEPT_EVENTS) kept.shift();
      for (const client of clients) if (to === undefined || to === client.user) write(client, text);
    },
    connect(response, user, last) {
      if (clients.size >= MOST_CLIENTS) return false;
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const client: Client = { user, response };
      const missed = since(last, boot, kept, number);
      const opening = missed === undefined ? 'reset' : 'resumed';
      response.write(`retry: 1000\nid: ${boot}-${number - (missed?.length ?? 0)}\nevent: ${opening}\ndata: {}\n\n`);
      for (const event of missed ?? []) if (event.to === undefined || event.to === user) write(client, event.text);
      clients.add(client);
      if (clients.size === 1) onAudience(true);
      response.on('error', () => undefined);
      response.on('close', () => {
        if (clients.delete(client) && clients.size === 0) onAudience(false);
      });
      return true;
    },
    close() {
      clearInterval(heartbeat);
      for (const { response } of clients) response.end();
    },
  };
}

/** Events after the one named, or undefined when that is not known any more. */
function since(
  last: string | undefined,
  boot: string,
  kept: readonly StreamEvent[],
  newest: number,
): StreamEvent[] | undefined {
  const [its, text] = String(last ?? '').split('-');
  const seen = Number(text);
  if (its !== boot || !Number.isInteger(seen) || seen > newest) return undefined;
  if (seen < newest && (kept[0]?.number ?? Number.POSITIVE_INFINITY) > seen + 1) return undefined;
  return kept.filter((event) => event.number > seen);
}
