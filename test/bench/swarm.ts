import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from '../until';

const run = promisify(execFile);

/** Docker Swarm over the same engines, as fast as its settings allow (measured ways: all at once, start first). */
export interface Swarm {
  /** Address behind which the service answers. */
  readonly url: string;
  /** Replaces the service's tasks by those of the image; milliseconds until all are new, and until the old are gone. */
  update(image: string): Promise<{ newMs: number; goneMs: number }>;
  close(): Promise<void>;
}

const SERVICE = 'edwin-bench';
const NETWORK = 'edwin-bench-net';
const PORT = 18_080;
const PROXY = 'haproxy:2.6';

/**
 * Services find each other by DNS, since the kernel of a test machine may lack what Swarm's own balancing needs; an
 * HAProxy on the overlay network takes the traffic.
 */
export async function startSwarm(hosts: string, tls: string, image: string): Promise<Swarm> {
  const engines = hosts.split(',').map((pair) => pair.split('=')[1] ?? '');
  const [manager = '', ...others] = engines;
  const address = new URL(manager).hostname;
  const docker = async (engine: string, ...args: string[]): Promise<string> => {
    const tlsArgs = [
      '--tlsverify',
      '--tlscacert',
      `${tls}/ca.pem`,
      '--tlscert',
      `${tls}/cert.pem`,
      '--tlskey',
      `${tls}/key.pem`,
    ];
    const { stdout } = await run('docker', ['-H', engine, ...tlsArgs, ...args], { timeout: 120_000 });
    return stdout.trim();
  };
  const close = async (): Promise<void> => {
    await docker(manager, 'rm', '-f', `${SERVICE}-proxy`).catch(() => undefined);
    await docker(manager, 'service', 'rm', SERVICE).catch(() => undefined);
    for (const engine of [...others, manager]) await docker(engine, 'swarm', 'leave', '--force').catch(() => undefined);
  };
  await docker(manager, 'image', 'inspect', PROXY)
    .catch(() => docker(manager, 'pull', '-q', PROXY))
    .catch(() => {
      const way = 'push it to where this engine pulls from, or leave Swarm out by --no-swarm';
      throw new Error(`Swarm's traffic goes through ${PROXY}, which ${manager} does not have: ${way}.`);
    });
  try {
    await close();
    await docker(manager, 'swarm', 'init', '--advertise-addr', address);
    const token = await docker(manager, 'swarm', 'join-token', '-q', 'worker');
    for (const engine of others)
      await docker(
        engine,
        'swarm',
        'join',
        '--token',
        token,
        '--advertise-addr',
        new URL(engine).hostname,
        `${address}:2377`,
      );
    await docker(manager, 'network', 'create', '-d', 'overlay', '--attachable', NETWORK);
    const service = [
      'service',
      'create',
      '--name',
      SERVICE,
      '--network',
      NETWORK,
      '--replicas',
      '6',
      '--init',
      '--detach',
    ];
    const settings = ['--update-order', 'start-first', '--update-parallelism', '6', '--update-monitor', '1ms'];
    const health = [
      '--health-cmd',
      'node -e "fetch(\'http://127.0.0.1:8080/healthz\').then(() => process.exit(0), () => process.exit(1))"',
      '--health-interval',
      '1s',
    ];
    const rest = [
      '--endpoint-mode',
      'dnsrr',
      '--stop-grace-period',
      '5s',
      '--with-registry-auth',
      '--no-resolve-image',
      '--limit-memory',
      '128m',
    ];
    await docker(manager, ...service, ...settings, ...health, ...rest, image);
    await docker(
      manager,
      'run',
      '-d',
      '--name',
      `${SERVICE}-proxy`,
      '--network',
      NETWORK,
      '-p',
      `${address}:${PORT}:8080`,
      '-e',
      `CFG=${proxy}`,
      '--entrypoint',
      'sh',
      PROXY,
      '-c',
      'echo "$CFG" > /tmp/haproxy.cfg && exec haproxy -f /tmp/haproxy.cfg',
    );
  } catch (error) {
    await close();
    throw error;
  }
  const tasks = async (): Promise<{ running: number; others: number }> => {
    const format = '{{.Image}}\t{{.CurrentState}}\t{{.DesiredState}}';
    const lines = (await docker(manager, 'service', 'ps', SERVICE, '--no-trunc', '--format', format)).split('\n');
    const running = lines.filter((line) => /\tRunning /.test(line));
    return {
      running: running.filter((line) => line.startsWith(current)).length,
      others: running.filter((line) => !line.startsWith(current)).length,
    };
  };
  let current = image;
  const url = `http://${address}:${PORT}/`;
  await until(async () => (await tasks()).running === 6 && (await fetch(url)).ok, {
    what: 'Swarm serves',
    withinMs: 120_000,
  });
  return {
    url,
    async update(next) {
      current = next;
      const began = Date.now();
      await docker(
        manager,
        'service',
        'update',
        '--detach',
        '--no-resolve-image',
        '--with-registry-auth',
        '--image',
        next,
        SERVICE,
      );
      await until(async () => (await tasks()).running === 6, { what: 'all tasks are new', withinMs: 120_000 });
      const newMs = Date.now() - began;
      await until(async () => (await tasks()).others === 0, { what: 'the old are gone', withinMs: 120_000 });
      return { newMs, goneMs: Date.now() - began };
    },
    close,
  };
}

const proxy = `
resolvers swarm
  nameserver dns 127.0.0.11:53
  hold valid 200ms
  timeout resolve 200ms
  timeout retry 200ms
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  retries 3
  retry-on all-retryable-errors
  option redispatch 1
frontend traffic
  bind :8080
  default_backend tasks
backend tasks
  balance roundrobin
  server-template t 16 tasks.${SERVICE}:8080 resolvers swarm init-addr none check inter 200ms
`;
