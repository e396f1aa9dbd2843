import type { FastifyReply } from 'fastify';
import type { ChatMessage } from './conversations';
import type { ChatEvent } from './feed';

const HEARTBEAT_MS = 15_000;
/** A reader that does not read is sent away; it comes back and asks for what it missed. */
const MOST_WAITING = 1024 * 1024;

/**
 * Server-sent events: first the backlog, then what happens. Nothing is lost between the two, nothing shown twice.
 * The id of an event is that of its message, so a browser that reconnects goes on where it was.
 */
export async function streamEvents(
  response: FastifyReply,
  stopping: AbortSignal,
  subscribe: (listener: (event: ChatEvent) => void) => () => void,
  backlog: () => Promise<readonly ChatMessage[]>,
): Promise<void> {
  response.hijack();
  const { raw } = response;
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  raw.write(': hello\n\n');
  let seen = 0;
  const write = (event: ChatEvent): void => {
    if (event.type === 'message') {
      if (event.message.id <= seen) return;
      seen = event.message.id;
      raw.write(`id: ${event.message.id}\n`);
    }
    raw.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (raw.writableLength > MOST_WAITING) raw.destroy();
  };
  let early: ChatEvent[] | undefined = [];
  const unsubscribe = subscribe((event) => (early ? early.push(event) : write(event)));
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS);
  const end = () => raw.end();
  stopping.addEventListener('abort', end);
  if (stopping.aborted) end();
  raw.once('close', () => {
    stopping.removeEventListener('abort', end);
    clearInterval(heartbeat);
    unsubscribe();
  });
  raw.on('error', () => undefined);
  try {
    for (const message of await backlog()) write({ type: 'message', message });
    const waiting = early;
    early = undefined;
    for (const event of waiting) write(event);
  } catch {
    raw.destroy();
  }
}
