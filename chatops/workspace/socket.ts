import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { app } from './team';
import type { Timing } from './timing';

const MOST_CONNECTIONS = 10;
const TICKET_LIFE_MS = 30_000;
const MOST_FRAME_BYTES = 1_000_000;

interface Connection {
  readonly socket: WebSocket;
  readonly timers: NodeJS.Timeout[];
  /** Slack told it to go; it gets nothing new while another one is there. */
  warned: boolean;
}

export interface Sockets {
  /** Admits one connection, once, within 30 s. */
  ticket(): string;
  /** False when the request is for somebody else. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Hands a frame to any one connection, in turn. False when nobody is connected. */
  send(frame: string): boolean;
  readonly count: number;
  /** Asks connections to come again: `disconnect` with a warning now, the end after `timing.warning`. */
  refresh(which?: 'one' | 'all'): void;
  close(): void;
}

export interface SocketEvents {
  /** An acknowledgement. */
  onFrame(frame: string): void;
  onReady(): void;
}

export function createSockets(path: string, timing: Timing, refreshing: boolean, events: SocketEvents): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: MOST_FRAME_BYTES });
  const tickets = new Map<string, number>();
  const connections: Connection[] = [];

  const admit = (socket: WebSocket): void => {
    const connection: Connection = { socket, timers: [], warned: false };
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      for (const timer of connection.timers) clearTimeout(timer);
      const index = connections.indexOf(connection);
      if (index >= 0) connections.splice(index, 1);
    });
    if (connections.length >= MOST_CONNECTIONS) {
      end(connection, 'too_many_websockets');
      return;
    }
    connections.push(connection);
    socket.on('message', (data, isBinary) => {
      if (!isBinary) events.onFrame(String(data));
    });
    connection.timers.push(setInterval(() => socket.ping(`Ping from ${path}`), timing.ping));
    if (refreshing)
      connection.timers.push(setTimeout(() => warn(connection), timing.refresh * (0.8 + 0.4 * Math.random())));
    socket.send(JSON.stringify(hello(connections.length, timing)));
    events.onReady();
  };
  const warn = (connection: Connection): void => {
    connection.warned = true;
    connection.socket.send(disconnect('warning'));
    connection.timers.push(setTimeout(() => end(connection, 'refresh_requested'), timing.warning));
  };
  const end = (connection: Connection, reason: string): void => {
    connection.socket.send(disconnect(reason));
    connection.socket.close(1000);
  };

  return {
    get count() {
      return connections.length;
    },
    ticket() {
      const now = Date.now();
      for (const [id, until] of tickets) if (until < now) tickets.delete(id);
      const id = randomUUID();
      tickets.set(id, now + TICKET_LIFE_MS);
      return id;
    },
    handleUpgrade(request, socket, head) {
      const url = new URL(request.url ?? '/', 'http://workspace');
      if (url.pathname !== path) return false;
      const ticket = url.searchParams.get('ticket') ?? '';
      // A page of another site can open sockets to us; only programs come without an origin.
      const admitted = request.headers.origin === undefined && (tickets.get(ticket) ?? 0) >= Date.now();
      tickets.delete(ticket);
      if (admitted) server.handleUpgrade(request, socket, head, admit);
      else socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return true;
    },
    send(frame) {
      const open = connections.filter(({ socket }) => socket.readyState === socket.OPEN);
      const chosen = open.find(({ warned }) => !warned) ?? open[0];
      if (chosen === undefined) return false;
      connections.push(...connections.splice(connections.indexOf(chosen), 1));
      chosen.socket.send(frame);
      return true;
    },
    refresh(which = 'all') {
      for (const connection of which === 'all' ? [...connections] : connections.slice(0, 1)) warn(connection);
    },
    close() {
      for (const { socket, timers } of connections) {
        for (const timer of timers) clearTimeout(timer);
        socket.close(1001);
        setTimeout(() => socket.terminate(), 1000).unref();
      }
      server.close();
    },
  };
}

function hello(count: number, timing: Timing): unknown {
  return {
    type: 'hello',
    num_connections: count,
    debug_info: {
      host: 'local-workspace',
      build_number: 1,
      approximate_connection_time: Math.round(timing.refresh / 1000),
    },
    connection_info: { app_id: app.id },
  };
}

function disconnect(reason: string): string {
  return JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'local-workspace' } });
}
