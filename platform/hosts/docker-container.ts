import { constants } from 'node:os';
import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { HostEntry } from '../docker/hosts-file';
import { releaseTag } from '../docker/release-tag';
import { networkName } from './docker-network';
import type { Instance, InstanceExit, InstanceLabels, InstanceSpec } from './hosts';

/** A container with this label is an instance. */
export const MARK_LABEL = 'edwin.environment';
/** What instances listen on inside; outside it is a port that the engine chooses. */
const INNER_PORT = 8080;
const DEFAULT_GRACE_SECONDS = 25;
const MOST_PROCESSES = 1_024;
/** Nobody, in every image. */
const NOBODY = '65534:65534';
/** What the engine writes as exit code of a container whose end it did not see. */
const UNSEEN = 255;

/** What is known of the place where a container is made. */
export interface Surroundings {
  readonly host: Pick<HostEntry, 'bind' | 'reach' | 'networks' | 'bridge'>;
  /** Processors that the engine has. */
  readonly cpus: number;
  /** `USER` of the image; empty when it names none. */
  readonly imageUser: string;
}

/**
 * The container of an instance. Nothing in it can be written but a small `/tmp`; it has no capabilities, can gain none,
 * and is not root. Memory is a hard bound. Processors are a share when others want them, too, and at most twice as
 * many, at least one, when nobody does: starting takes more than running. Nothing restarts it but the fleet, so that
 * after a power cut it is found as exited and not running beside its replacement.
 */
export function containerOf(spec: InstanceSpec, { host, cpus, imageUser }: Surroundings): ContainerCreateOptions {
  const memory = spec.memoryMb * 1024 * 1024;
  const [file, ...args] = spec.command ?? [];
  const port = `${INNER_PORT}/tcp`;
  const env = {
    ...spec.env,
    EDWIN_INSTANCE: spec.id,
    ...(spec.listens && { HOST: '0.0.0.0', PORT: String(INNER_PORT) }),
  };
  return {
    name: spec.id,
    Hostname: spec.id,
    Image: releaseTag(spec.image),
    ...(file !== undefined && { Entrypoint: [file, ...args] }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [MARK_LABEL]: spec.labels.environment,
      'edwin.service': spec.labels.service,
      'edwin.release': String(spec.labels.release),
      'edwin.operation': spec.labels.operation,
      'edwin.image': spec.image,
    },
    User: ['', 'root', '0', '0:0', 'root:root'].includes(imageUser) ? NOBODY : imageUser,
    StopTimeout: Math.ceil(spec.stopGraceSeconds ?? DEFAULT_GRACE_SECONDS),
    ...(spec.listens && { ExposedPorts: { [port]: {} } }),
    HostConfig: {
      Init: true,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,noexec,size=64m,mode=1777' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: memory,
      MemorySwap: memory,
      CpuShares: Math.max(2, Math.round(spec.cpus * 1024)),
      NanoCpus: Math.round(Math.min(cpus, Math.max(1, spec.cpus * 2)) * 1e9),
      PidsLimit: MOST_PROCESSES,
      RestartPolicy: { Name: 'no' },
      NetworkMode: networkName(host, spec.labels.environment),
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      ...(spec.listens && host.reach === 'port' && { PortBindings: { [port]: [{ HostIp: host.bind, HostPort: '' }] } }),
    },
  };
}

type Place = Pick<HostEntry, 'name' | 'address' | 'reach' | 'networks' | 'bridge'>;

/** Undefined when the container is none of ours, or was never started. */
export function instanceOf(found: ContainerInspectInfo, host: Place): Instance | undefined {
  const labels = labelsOf(found.Config.Labels);
  const state = stateOf(found.State.Status);
  if (labels === undefined || state === undefined) return undefined;
  const ports = Object.entries(found.NetworkSettings.Ports ?? {}).flatMap(([inner, bindings]) =>
    (bindings ?? [undefined]).map((binding) => ({ inner: Number.parseInt(inner, 10), outer: binding?.HostPort })),
  );
  return {
    id: found.Name.replace(/^\//, ''),
    host: host.name,
    labels,
    image: found.Config.Labels['edwin.image'] ?? found.Image,
    state,
    address: addressOf(host, {
      environment: labels.environment,
      state,
      ports,
      networks: found.NetworkSettings.Networks,
    }),
    startedAt: new Date(found.State.StartedAt),
    exit: state === 'exited' ? exitOf(found.State) : undefined,
  };
}

/** Where an instance of the engine's list is reached; the same that `instanceOf` finds. */
export function listedAddress(
  { Labels, State, Ports, NetworkSettings }: ContainerInfo,
  host: Place,
): Instance['address'] {
  return addressOf(host, {
    environment: Labels[MARK_LABEL] ?? '',
    state: stateOf(State),
    ports: Ports.map(({ PrivatePort, PublicPort }) => ({ inner: PrivatePort, outer: PublicPort })),
    networks: NetworkSettings?.Networks,
  });
}

interface Found {
  readonly environment: string;
  readonly state: 'running' | 'exited' | undefined;
  readonly ports: readonly { readonly inner: number; readonly outer: number | string | undefined }[];
  readonly networks: Readonly<Record<string, { readonly IPAddress: string }>> | undefined;
}

function addressOf(host: Place, { environment, state, ports, networks }: Found): Instance['address'] {
  if (state === 'exited') return undefined;
  if (host.reach === 'port') {
    const outer = ports.find((port) => port.outer)?.outer;
    return outer === undefined ? undefined : { host: host.address, port: Number(outer) };
  }
  const inside = networks?.[networkName(host, environment)]?.IPAddress;
  return inside && ports.some(({ inner }) => inner === INNER_PORT) ? { host: inside, port: INNER_PORT } : undefined;
}

export function stateOf(status: string): 'running' | 'exited' | undefined {
  if (status === 'exited' || status === 'dead') return 'exited';
  return ['running', 'paused', 'restarting'].includes(status) ? 'running' : undefined;
}

function labelsOf(labels: Readonly<Record<string, string>>): InstanceLabels | undefined {
  const { [MARK_LABEL]: environment, 'edwin.service': service, 'edwin.operation': operation } = labels;
  const release = Number(labels['edwin.release']);
  if (!environment || !service || !Number.isSafeInteger(release)) return undefined;
  return { environment, service, release, operation: operation ?? '' };
}

function exitOf({ ExitCode, FinishedAt, OOMKilled }: ContainerInspectInfo['State']): InstanceExit {
  const at = new Date(FinishedAt);
  return {
    ...exitOfCode(ExitCode, at.getFullYear() < 2000 ? new Date() : at),
    ...(OOMKilled && { outOfMemory: true as const }),
  };
}

/** Codes above 128 are signals, as shells and `init` tell them. */
export function exitOfCode(code: number, at: Date): InstanceExit {
  const signal = code > 128 ? signalName(code - 128) : undefined;
  return { code: code === UNSEEN || signal !== undefined ? undefined : code, signal, at };
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
