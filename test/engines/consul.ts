import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setupCalls } from '../../chatops/setup/servers';
import type { RegistryFaults } from '../../platform/registry/contract-bench';
import { until } from '../until';
import type { Engine } from './engine';

type Datacenter = 'stage' | 'prod';

/** Consul's own API, with the rights to make tokens. */
export interface ConsulOperator {
  /** Address of a registry as `openRegistry` takes it. */
  address(datacenter: Datacenter, token: string): string;
  call<T>(datacenter: Datacenter, method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** A token with the rights that the composed system gives Edwin in a datacenter, and no more. */
  token(datacenter: Datacenter): Promise<{ readonly secret: string; revoke(): Promise<void> }>;
  /** kill -9, freezing and restarting of a datacenter. */
  faults(datacenter: Datacenter): RegistryFaults;
  names(): Resolver;
}

export function consulOperator(consul: Engine): ConsulOperator {
  const base = (datacenter: Datacenter): string => consul.setting(`EDWIN_TEST_CONSUL_${datacenter.toUpperCase()}_URL`);
  const call = async <T>(datacenter: Datacenter, method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${base(datacenter)}/v1/${path}`, {
      method,
      headers: { 'x-consul-token': consul.setting(`EDWIN_TEST_CONSUL_${datacenter.toUpperCase()}_TOKEN`) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Consul answered ${response.status} to ${method} ${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  const up = async (datacenter: Datacenter): Promise<void> => void (await consul.control('up', datacenter));
  return {
    call,
    address: (datacenter, token) => `consul+http://:${token}@${new URL(base(datacenter)).host}/${datacenter}`,
    async token(datacenter) {
      const rights = setupCalls([datacenter], () => 'unused')
        .map(({ body }) => body as { Name?: string; Rules?: string })
        .find(({ Name, Rules }) => Name === 'edwin' && Rules !== undefined);
      if (rights === undefined) throw new Error('the composed system has no rules for Edwin');
      const name = `edwin-test-${randomUUID()}`;
      const policy = { Name: name, Rules: rights.Rules };
      const { ID } = await call<{ ID: string }>(datacenter, 'PUT', 'acl/policy', policy);
      const token = { Description: name, Policies: [{ Name: name }] };
      const made = await call<{ AccessorID: string; SecretID: string }>(datacenter, 'PUT', 'acl/token', token);
      return {
        secret: made.SecretID,
        async revoke() {
          await call(datacenter, 'DELETE', `acl/token/${made.AccessorID}`);
          await call(datacenter, 'DELETE', `acl/policy/${ID}`);
        },
      };
    },
    faults: (datacenter) => ({
      async restart() {
        await consul.control('down', datacenter);
        await up(datacenter);
      },
      async crash() {
        await consul.control('crash', datacenter);
        await up(datacenter);
      },
      pause: async () => void (await consul.control('pause', datacenter)),
      resume: async () => void (await consul.control('resume', datacenter)),
    }),
    names() {
      const resolver = new Resolver({ timeout: 2_000, tries: 1 });
      resolver.setServers([consul.setting('EDWIN_TEST_CONSUL_STAGE_DNS')]);
      return resolver;
    },
  };
}

/** An agent of its own in stage, as a host has one; it joins the server there. */
export interface HostAgent {
  readonly node: string;
  address(token: string): string;
  /** As a power cut: kill -9, and nobody says goodbye. */
  kill(): Promise<void>;
}

/** The gossip port of a workbench's server lies this far below its HTTP port. */
const GOSSIP_BELOW_HTTP = 199;

export async function startHostAgent(consul: Engine): Promise<HostAgent> {
  const server = new URL(consul.setting('EDWIN_TEST_CONSUL_STAGE_URL'));
  const token = consul.setting('EDWIN_TEST_CONSUL_STAGE_TOKEN');
  const folder = mkdtempSync(join(tmpdir(), 'edwin-consul-'));
  const node = `host-${randomUUID().slice(0, 8)}`;
  const [http, gossip] = await freePorts();
  const configuration = {
    datacenter: 'stage',
    node_name: node,
    data_dir: join(folder, 'data'),
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: { http, serf_lan: gossip, dns: -1, grpc: -1, grpc_tls: -1 },
    retry_join: [`127.0.0.1:${Number(server.port) - GOSSIP_BELOW_HTTP}`],
    acl: { enabled: true, default_policy: 'deny', tokens: { agent: token } },
    disable_update_check: true,
    leave_on_terminate: false,
  };
  writeFileSync(join(folder, 'agent.json'), JSON.stringify(configuration), { mode: 0o600 });
  const binary = consul.setting('EDWIN_TEST_CONSUL_BIN');
  const child = execFile(binary, ['agent', `-config-file=${join(folder, 'agent.json')}`], { maxBuffer: 2 ** 26 });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ready = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error('the agent ended');
    const response = await fetch(`http://127.0.0.1:${http}/v1/catalog/node/${node}`, {
      headers: { 'x-consul-token': token },
    });
    return response.ok && (await response.text()).includes(node);
  };
  try {
    await until(ready, { what: 'the agent has joined', withinMs: 30_000 });
  } catch (error) {
    await kill();
    throw error;
  }
  return { node, address: (secret) => `consul+http://:${secret}@127.0.0.1:${http}/stage`, kill };
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as { port: number }).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number];
}
