import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { freePort, isFree } from '../ports';
import { identify, isRunning } from '../process';
import type { Host, Hosts, Instance, InstanceEvent, InstanceLabels, InstanceSpec, LogLine, LogOptions } from './hosts';
import { imageFolder, launch } from './launch';
import { LogFile } from './log-file';
import { type InstanceLogs, readLogs } from './logs';
import { Processes } from './processes';
import { type InstanceRecord, Records } from './records';

export interface LocalHostsOptions {
  /** Where the instances' records and logs are kept. */
  readonly folder: string;
  /** Folder of the images; see platform/images/local.ts. */
  readonly imagesFolder: string;
  readonly log: Logger;
  /** Virtual hosts of this machine; by default one, named `local`. */
  readonly hosts?: readonly Host[];
}

const LOOK_EVERY_MS = 500;
const OTHER_STARTER_LIMIT_MS = 10_000;
/** Marks of the instances that this process is about to start. */
const inHand = new Set<string>();

/**
 * Instances as processes of this machine, each in its own process group and folder, writing its log itself, so that
 * it needs no Edwin to go on. Its limits of memory and cpu are not enforced. `command` is required.
 */
export async function openLocalHosts(options: LocalHostsOptions): Promise<Hosts> {
  return new LocalHosts(options);
}

export function localHost(name: string): Host {
  const memoryMb = Math.floor(totalmem() / 1024 / 1024);
  return { name, zone: 'local', state: 'ready', environments: [], cpus: availableParallelism(), memoryMb };
}

class LocalHosts implements Hosts {
  private readonly options: LocalHostsOptions;
  private readonly hostList: readonly Host[];
  private readonly records: Records;
  private readonly processes: Processes;
  private readonly starting = new Map<string, Promise<Instance>>();
  private readonly portsInHand = new Set<number>();
  private readonly logFiles = new Map<string, InstanceLogs>();
  private readonly listeners = new Set<(event: InstanceEvent) => void>();
  private readonly reported = new Map<string, Instance['state']>();
  private readonly closing = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(options: LocalHostsOptions) {
    this.options = options;
    this.hostList = options.hosts ?? [localHost('local')];
    this.records = new Records(options.folder);
    this.processes = new Processes(this.records, options.log, () => this.report());
    for (const { id, state } of this.survey()) this.reported.set(id, state);
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  async hosts(): Promise<Host[]> {
    return [...this.hostList];
  }

  async start(spec: InstanceSpec): Promise<Instance> {
    const running = this.starting.get(spec.id);
    if (running) return running;
    const start = this.startOnce(spec).finally(() => this.starting.delete(spec.id));
    this.starting.set(spec.id, start);
    const instance = await start;
    this.report();
    return instance;
  }

  private async startOnce(spec: InstanceSpec): Promise<Instance> {
    const found = this.records.read(spec.id);
    if (found) return this.finishStart(found, spec);
    this.check(spec);
    const port = spec.listens ? await this.takePort() : undefined;
    const mark = randomUUID();
    try {
      const { env: _, ...kept } = spec;
      const intent = { spec: kept, mark, port, owner: identify(process.pid) };
      inHand.add(intent.mark);
      if (!this.records.claim(intent)) return await this.finishStart(this.records.read(spec.id), spec);
      return await this.launch(spec);
    } finally {
      inHand.delete(mark);
      if (port !== undefined) this.portsInHand.delete(port);
    }
  }

  /** The id is known: it runs, has ended, is being started by another process, or its starter died on the way. */
  private async finishStart(found: InstanceRecord | undefined, spec: InstanceSpec): Promise<Instance> {
    const limit = Date.now() + OTHER_STARTER_LIMIT_MS;
    for (let record = found; record; record = this.records.read(spec.id)) {
      if (record.started) return this.instance(spec.id, record);
      if (isAbandoned(record)) return this.takeOver(record, spec);
      if (Date.now() > limit) break;
      await pause(20);
    }
    throw new EdwinError(
      'hosts.start-failed',
      `Another process tried to start ${spec.id} at the same time and failed.`,
    );
  }

  /** Its first starter died between writing the intent and writing down the process. */
  private async takeOver(record: InstanceRecord, spec: InstanceSpec): Promise<Instance> {
    const { intent } = record;
    inHand.add(intent.mark);
    try {
      if (this.processes.adopt(record)) return this.instance(spec.id, this.records.read(spec.id)!);
      this.check(spec);
      const port = intent.port === undefined || (await isFree(intent.port)) ? intent.port : await this.takePort();
      this.records.replaceIntent({ ...intent, port, owner: identify(process.pid) });
      return await this.launch(spec);
    } finally {
      inHand.delete(intent.mark);
    }
  }

  private async launch(spec: InstanceSpec): Promise<Instance> {
    const { intent } = this.records.read(spec.id)!;
    try {
      await launch({
        spec,
        intent,
        imagesFolder: this.options.imagesFolder,
        records: this.records,
        processes: this.processes,
      });
    } catch (error) {
      this.records.remove(spec.id);
      throw error;
    }
    return this.instance(spec.id, this.records.read(spec.id)!);
  }

  private check(spec: InstanceSpec): void {
    const refuse = (why: string) =>
      new EdwinError('hosts.start-failed', `${spec.id} can not be started on ${spec.host}: ${why}.`);
    if (!this.hostList.some(({ name }) => name === spec.host)) {
      throw new EdwinError(
        'hosts.unknown-host',
        `There is no host ${spec.host}; there are ${this.hostList.map(({ name }) => name).join(', ')}.`,
      );
    }
    if (!/^[a-z0-9-]{1,63}$/.test(spec.id)) throw refuse('its id is not made of a-z, 0-9 and - only');
    if (!spec.command?.[0]) throw refuse('a local process needs a command to run (`run` in the catalog)');
    if (!existsSync(imageFolder(this.options.imagesFolder, spec.image)))
      throw refuse(`the host has no image ${spec.image}`);
  }

  private async takePort(): Promise<number> {
    const taken = new Set(this.portsInHand);
    for (const id of this.records.list()) {
      const record = this.records.read(id);
      if (record?.intent.port !== undefined && !record.exit) taken.add(record.intent.port);
    }
    for (;;) {
      const port = await freePort(taken);
      if (this.portsInHand.has(port)) taken.add(port);
      else {
        this.portsInHand.add(port);
        return port;
      }
    }
  }

  async stop(id: string, { graceSeconds }: { readonly graceSeconds: number }): Promise<void> {
    await this.starting.get(id)?.catch(() => undefined);
    const record = this.records.read(id);
    if (record) await this.processes.stop(id, record, graceSeconds * 1000);
    this.report();
  }

  async remove(id: string): Promise<void> {
    await this.starting.get(id)?.catch(() => undefined);
    const record = this.records.read(id);
    if (!record) return;
    if (this.processes.state(id, record) === 'running')
      throw new EdwinError('hosts.still-running', `${id} still runs.`);
    this.records.remove(id);
    this.logFiles.delete(id);
    this.reported.delete(id);
  }

  async instances(selector: Partial<InstanceLabels> = {}): Promise<Instance[]> {
    const wanted = Object.entries(selector);
    return this.survey().filter(({ labels }) =>
      wanted.every(([name, value]) => labels[name as keyof InstanceLabels] === value),
    );
  }

  async *logs(id: string, options: LogOptions): AsyncGenerator<LogLine> {
    if (!this.records.read(id)) throw new EdwinError('hosts.unknown-instance', `There is no instance ${id}.`);
    const signal = options.signal ? AbortSignal.any([options.signal, this.closing.signal]) : this.closing.signal;
    yield* readLogs(this.logsOf(id), { ...options, signal }, () => {
      const record = this.records.read(id);
      return !record?.started || this.processes.state(id, record) === 'exited';
    });
  }

  watch(onEvent: (event: InstanceEvent) => void): { stop(): void } {
    this.listeners.add(onEvent);
    return { stop: () => this.listeners.delete(onEvent) };
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.closing.abort();
    this.listeners.clear();
    await Promise.allSettled(this.starting.values());
  }

  private survey(): Instance[] {
    const found: Instance[] = [];
    for (const id of this.records.list()) {
      const record = this.records.read(id);
      if (!record) continue;
      const abandoned = isAbandoned(record);
      if (abandoned && !this.processes.adopt(record)) this.records.remove(id);
      else if (record.started) found.push(this.instance(id, record));
    }
    return found;
  }

  private instance(id: string, record: InstanceRecord): Instance {
    const { spec, port } = record.intent;
    const state = this.processes.state(id, record);
    const exit = state === 'exited' ? this.records.read(id)?.exit : undefined;
    return {
      id,
      host: spec.host,
      labels: spec.labels,
      image: spec.image,
      state,
      address: port === undefined ? undefined : { host: '127.0.0.1', port },
      startedAt: new Date(record.started!.at),
      exit: exit && { code: exit.code, signal: exit.signal, at: new Date(exit.at) },
    };
  }

  private look(): void {
    try {
      this.report();
      for (const [id, state] of this.reported) {
        if (state !== 'running') continue;
        const { stdout, stderr } = this.logsOf(id);
        for (const file of [stdout, stderr])
          file
            .rotateIfLarge()
            .catch((error) => this.options.log.warn({ error, instance: id }, 'A log could not be cut'));
      }
    } catch (error) {
      this.options.log.warn({ error }, 'The instances could not be looked at');
    }
  }

  private report(): void {
    if (this.closing.signal.aborted) return;
    for (const instance of this.survey()) {
      const before = this.reported.get(instance.id);
      this.reported.set(instance.id, instance.state);
      if (before === undefined)
        this.tell({ kind: 'started', instance: { ...instance, state: 'running', exit: undefined } });
      if (before !== 'exited' && instance.state === 'exited') this.tell({ kind: 'exited', instance });
    }
  }

  private tell(event: InstanceEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private logsOf(id: string): InstanceLogs {
    let logs = this.logFiles.get(id);
    if (!logs) {
      logs = {
        stdout: new LogFile(this.records.path(id, 'stdout.log')),
        stderr: new LogFile(this.records.path(id, 'stderr.log')),
      };
      this.logFiles.set(id, logs);
    }
    return logs;
  }
}

/** Never started, and nobody is about to. */
function isAbandoned({ intent, started }: InstanceRecord): boolean {
  if (started) return false;
  if (intent.owner?.pid === process.pid) return !inHand.has(intent.mark);
  return !intent.owner || !isRunning(intent.owner);
}
