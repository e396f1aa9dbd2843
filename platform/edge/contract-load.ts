import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { until } from '../../test/until';
import type { NewServer } from './edge';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export function ask(
  url: string,
  more: { method?: string; body?: string | Buffer; agent?: Agent; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body, ...options } = more;
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => (text += piece));
      answer.once('close', () =>
        answer.complete
          ? resolve({ status: answer.statusCode!, headers: answer.headers, body: text })
          : reject(new Error('cut')),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

export interface TestServer extends NewServer {
  readonly http: Server;
  readonly connections: Set<Socket>;
  requests: number;
  close(): Promise<void>;
}

/** A server in this process that answers with its id, or as `listener` says. */
export async function startServer(id: string, listener?: RequestListener, port = 0): Promise<TestServer> {
  const connections = new Set<Socket>();
  const http = createServer((incoming, response) => {
    server.requests++;
    if (listener) listener(incoming, response);
    else incoming.resume().once('end', () => response.end(id));
  });
  http.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const server: TestServer = {
    id,
    address: { host: '127.0.0.1', port: (http.address() as AddressInfo).port },
    http,
    connections,
    requests: 0,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** A server in a process of its own, to be killed. It takes 5 ms for each answer. */
export async function startProcess(id: string): Promise<NewServer & { readonly child: ChildProcess }> {
  const script = `const server = require('node:http').createServer((request, response) => {
    request.resume().once('end', () => setTimeout(() => response.end(${JSON.stringify(id)}), 5));
  }).listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve) => child.stdout!.once('data', (data) => resolve(Number(data))));
  return { id, address: { host: '127.0.0.1', port }, child };
}

/** Asks over `clients` kept connections, one request after another each, until told to stop. */
export function startLoad(url: string, { clients, method = 'GET' }: { clients: number; method?: string }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const answers: string[] = [];
  const failures: string[] = [];
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const body = method === 'POST' ? '{"text":"hello"}' : '';
      try {
        const answer = await ask(url, { agent, method, body });
        if (answer.status === 200) answers.push(answer.body);
        else failures.push(`${answer.status} ${answer.body}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    answers,
    failures,
    /** Waits for `count` more answers, or a failure. */
    more: (count: number) => {
      const goal = answers.length + count;
      return until(() => answers.length >= goal || failures.length > 0, {
        what: `${count} more answers`,
        withinMs: 20_000,
      });
    },
    stop: async () => {
      running = false;
      await done;
      agent.destroy();
    },
  };
}
