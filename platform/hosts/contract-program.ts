import { createServer, type Server, type Socket } from 'node:net';
import { until } from '../../test/until';

/**
 * Program of the test image, for Node. It keeps a connection to the tester open, over which its name comes, so that
 * the tester sees when it is gone, wherever it runs. What it does is said by MODE.
 */
export const testProgram = `
const net = require('node:net'), http = require('node:http'), { spawn } = require('node:child_process');
const { MODE = '', TESTER_HOST, TESTER_PORT, PORT, HOST } = process.env;
const beacon = (name) => TESTER_PORT && net.connect(Number(TESTER_PORT), TESTER_HOST, function () { this.write(name + '\\n'); }).on('error', () => {});
if (MODE.includes('exit')) { console.log('leaving'); console.error('because'); process.exit(Number(process.env.CODE)); }
if (MODE.includes('deaf')) process.on('SIGTERM', () => console.log('heard SIGTERM'));
else process.on('SIGTERM', () => { console.log('finishing'); setTimeout(() => process.exit(0), 50); });
if (MODE.includes('parent')) spawn(process.execPath, [__filename], { env: { ...process.env, MODE: 'deaf', PORT: '', NAME: 'child' }, detached: MODE.includes('astray'), stdio: 'inherit' });
if (MODE.includes('lines')) for (let i = 1; i <= 50; i++) console.log('line ' + i);
if (MODE.includes('json')) console.log(JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', msg: 'structured' }));
if (MODE.includes('ticks')) { let n = 0; setInterval(() => console.log('tick ' + ++n), 50); }
if (MODE.includes('reach')) {
  const socket = net.connect({ host: process.env.TARGET, port: 8080, timeout: 3000 }, () => { console.log('reached'); socket.destroy(); });
  for (const event of ['timeout', 'error']) socket.on(event, () => { console.log('not reached'); socket.destroy(); });
}
if (MODE.includes('brief')) setTimeout(() => process.exit(4), 1500);
if (MODE.includes('huge')) console.log('x'.repeat(100000));
const up = () => { beacon(process.env.NAME || 'main'); console.log('up'); };
if (PORT) http.createServer((request, response) => {
  if (request.url === '/crash') process.kill(process.pid, 'SIGKILL');
  if (request.url === '/say') console.log('said');
  if (request.url === '/flood') for (let i = 1; i <= 20000; i++) console.log('flood ' + i + ' ' + 'z'.repeat(100));
  response.end(JSON.stringify({ instance: process.env.EDWIN_INSTANCE, value: process.env.VALUE }));
}).listen(Number(PORT), HOST, up);
else { setInterval(() => {}, 1000); up(); }
`;

/** Sees the instances come and go by the connections they hold. */
export interface Tester {
  readonly port: number;
  here(name: string): Promise<unknown>;
  gone(name: string): Promise<unknown>;
  seen(): string[];
  forget(): void;
  close(): Promise<void>;
}

export async function openTester(host: string): Promise<Tester> {
  let connected: { name: string; socket: Socket }[] = [];
  // Also those that are forgotten: the end of one whose host lost its power never comes.
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const entry = { name: '', socket };
    connected.push(entry);
    open.add(socket);
    socket.on('data', (data) => (entry.name += data.toString().trim()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      connected = connected.filter((each) => each !== entry);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as { port: number }).port,
    here: (name) =>
      until(() => connected.some((each) => each.name === name), { what: `${name} is up`, withinMs: 30_000 }),
    gone: (name) =>
      until(() => !connected.some((each) => each.name === name), { what: `${name} is gone`, withinMs: 30_000 }),
    seen: () => connected.map(({ name }) => name),
    forget: () => {
      connected = [];
    },
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
