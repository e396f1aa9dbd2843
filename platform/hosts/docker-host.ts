import { EventEmitter, once } from 'node:events';
import type { ContainerInfo } from 'dockerode';
import type { Engine } from '../docker/engine';
import { statusOf, wordsOf } from '../docker/failure';
import { type Link, openLink } from '../docker/link';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { inspectContainer, openLog } from './docker-calls';
import { exitOfCode, instanceOf, listedAddress, MARK_LABEL, stateOf } from './docker-container';
import { type Change, followEvents } from './docker-events';
import { type Known, launchContainer, startFailed } from './docker-launch';
import type { LogSource } from './docker-logs';
import { Memory } from './docker-memory';
import type { Host, Instance, InstanceEvent, InstanceSpec } from './hosts';

const CALL_LIMIT_MS = 8_000;
const START_LIMIT_MS = 60_000;
/** Beyond the grace: what an engine needs to kill and to clean up. */
const STOP_LIMIT_MS = 30_000;
/** A container that was made and not started for so long belongs to somebody who died. */
const UNSTARTED_MS = 60_000;
const MIB = 1024 * 1024;

/** One Docker engine and the instances on it. */
export class DockerHost {
  readonly engine: Engine;
  private readonly link: Link;
  private readonly log: Logger;
  private readonly memory: Memory;
  private readonly starting = new Map<string, Promise<Instance>>();
  /** Container id → instance, as long as the engine's list says nothing new of it. */
  private readonly details = new Map<string, Instance>();
  /** Container id → when it was first seen unstarted. */
  private readonly unstarted = new Map<string, number>();
  /** Emits the id of an instance that ended; as many listen as are being stopped. */
  private readonly ends = new EventEmitter().setMaxListeners(0);
  /** Container id → instance that ended when it was told to, until the engine's list says so, too. */
  private readonly ended = new Map<string, Instance>();
  private readonly known: Known = { networks: new Set(), users: new Map() };
  private capacity: { readonly cpus: number; readonly memoryMb: number } | undefined;

  constructor(engine: Engine, log: Logger, tell: (event: InstanceEvent) => void) {
    this.engine = engine;
    this.log = log.child({ host: engine.host.name });
    this.memory = new Memory(tell);
    this.link = openLink(engine, (signal) => this.reached(signal));
  }

  async describe(): Promise<Host> {
    await this.link.known();
    const { name, zone, drained, environments, cpus, memoryMb } = this.engine.host;
    const ready = drained ? 'drained' : 'ready';
    return {
      name,
      zone,
      state: this.link.reached ? ready : 'unknown',
      environments,
      cpus: cpus ?? this.capacity?.cpus ?? 0,
      memoryMb: memoryMb ?? this.capacity?.memoryMb ?? 0,
    };
  }

  /** What the engine says now; while it can not be reached, what it last said. */
  async instances(): Promise<readonly Instance[]> {
    try {
      return await this.link.run(CALL_LIMIT_MS, (engine, signal) => this.list(engine, signal));
    } catch (error) {
      this.log.debug({ error }, 'What runs on the host is not known now');
      return this.memory.unknown();
    }
  }

  remembers(id: string): Instance | undefined {
    return this.memory.get(id);
  }

  async start(spec: InstanceSpec): Promise<Instance> {
    const running = this.starting.get(spec.id);
    if (running) return running;
    const start = this.link
      .run(START_LIMIT_MS, async (engine, signal) => {
        const cpus = this.capacity?.cpus ?? 1;
        const found = await launchContainer({ engine, spec, cpus, known: this.known, signal });
        const instance = instanceOf(found, engine.host);
        if (instance === undefined) throw startFailed(spec, 'a container of that name is there and is no instance');
        this.details.set(found.Id, instance);
        this.memory.note(instance);
        return instance;
      })
      .finally(() => this.starting.delete(spec.id));
    this.starting.set(spec.id, start);
    return start;
  }

  /**
   * Resolves when it is gone; false when it was not there. The engine says so before it answers: it takes the network
   * away first.
   */
  async stop(id: string, graceSeconds: number): Promise<boolean> {
    await this.starting.get(id)?.catch(() => undefined);
    if (this.memory.get(id)?.state === 'exited') return true;
    const t = Math.ceil(graceSeconds);
    const over = new AbortController();
    try {
      await this.link.run(t * 1_000 + STOP_LIMIT_MS, (engine, abortSignal) => {
        const ended = once(this.ends, id, { signal: over.signal });
        return Promise.race([ended, engine.actions.getContainer(id).stop({ t, abortSignal })]);
      });
      return true;
    } catch (error) {
      if (statusOf(error) === 304) return true;
      if (statusOf(error) === 404) return false;
      throw this.unwilling(id, 'stopped', error);
    } finally {
      over.abort();
    }
  }

  /** False when it was not there. */
  async remove(id: string): Promise<boolean> {
    await this.starting.get(id)?.catch(() => undefined);
    try {
      await this.link.run(STOP_LIMIT_MS, (engine, abortSignal) =>
        engine.actions.getContainer(id).remove({ v: true, abortSignal }),
      );
      this.memory.forget(id);
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      if (statusOf(error) !== 409) throw this.unwilling(id, 'removed', error);
      if (/in progress/.test(wordsOf(error))) return true;
      throw new EdwinError('hosts.still-running', `${id} still runs.`, { cause: error });
    }
  }

  /** Whether the engine has an instance of that id. */
  async has(id: string): Promise<boolean> {
    return (await this.link.run(CALL_LIMIT_MS, (engine, signal) => inspectContainer(engine, id, signal))) !== undefined;
  }

  logOf(id: string): LogSource {
    return {
      open: (query, signal) =>
        this.link
          .stream(signal, (engine, abortSignal) => openLog(engine, id, query, abortSignal))
          .catch((error) => {
            throw statusOf(error) === undefined ? error : unknownInstance(id, error);
          }),
      state: async () => {
        const found = await this.link.run(CALL_LIMIT_MS, (engine, signal) => inspectContainer(engine, id, signal));
        return found === undefined ? 'gone' : (stateOf(found.State.Status) ?? 'running');
      },
      changed: async (signal) => {
        if (!this.link.reached) await this.link.changed(signal);
      },
    };
  }

  close(): Promise<void> {
    return this.link.close();
  }

  /** The engine answers, for the first time or again: what happened meanwhile is looked up, and from now on told. */
  private async reached(signal: AbortSignal): Promise<void> {
    const { engine, memory } = this;
    this.known.networks.clear();
    const { NCPU, MemTotal } = (await engine.calls.info()) as { NCPU: number; MemTotal: number };
    this.capacity = { cpus: NCPU, memoryMb: Math.floor(MemTotal / MIB) };
    await followEvents(engine, signal, {
      relist: async () => {
        const since = memory.mark();
        memory.compare(await this.list(engine, signal), since);
      },
      heard: (change) => this.heard(change),
      changed: async ({ id, name, exitCode }) => {
        // Who starts it here looks at it, and notes it.
        const start = exitCode === undefined ? this.starting.get(name) : undefined;
        if (await start?.catch(() => undefined)) return;
        const found = await inspectContainer(engine, id, signal);
        const instance = found && instanceOf(found, engine.host);
        if (instance !== undefined) {
          this.details.set(id, instance);
          memory.note(instance);
        } else if (found === undefined && exitCode !== undefined) memory.vanished(name, exitCode);
      },
      lost: () => this.link.doubt(),
    });
  }

  /** What the engine told, before it is asked for more: while it cleans up it does not answer. */
  private heard({ id, name, exitCode }: Change): void {
    this.ended.delete(id);
    if (exitCode === undefined || this.ends.listenerCount(name) === 0) return;
    const running = this.details.get(id);
    const exit = exitOfCode(exitCode, new Date());
    if (running) this.ended.set(id, { ...running, state: 'exited', address: undefined, exit });
    this.ends.emit(name);
  }

  private async list(engine: Engine, abortSignal: AbortSignal): Promise<Instance[]> {
    const since = this.memory.mark();
    const filters = { label: [MARK_LABEL] };
    const summaries = await engine.calls.listContainers({ all: true, filters, abortSignal });
    const found = await Promise.all(summaries.map((summary) => this.detail(engine, summary, abortSignal)));
    const there = new Set(summaries.map(({ Id }) => Id));
    for (const map of [this.details, this.unstarted, this.ended])
      for (const id of map.keys()) if (!there.has(id)) map.delete(id);
    const instances = found.filter((each) => each !== undefined);
    this.memory.replace(instances, since);
    return instances;
  }

  /** The list lacks when it started and how it ended: that is asked for once. */
  private async detail(engine: Engine, summary: ContainerInfo, signal: AbortSignal): Promise<Instance | undefined> {
    if (summary.State === 'created') return void this.sweep(engine, summary, signal);
    const ended = this.ended.get(summary.Id);
    if (ended && stateOf(summary.State) === 'running') return ended;
    const known = this.details.get(summary.Id);
    const now = listedAddress(summary, engine.host);
    const same =
      known?.state === stateOf(summary.State) &&
      known?.address?.host === now?.host &&
      known?.address?.port === now?.port;
    if (known && same) return known;
    const found = await inspectContainer(engine, summary.Id, signal);
    const instance = found && instanceOf(found, engine.host);
    if (instance) this.details.set(summary.Id, instance);
    return instance;
  }

  private sweep(engine: Engine, { Id, Names }: ContainerInfo, abortSignal: AbortSignal): void {
    const name = Names[0]?.replace(/^\//, '') ?? Id;
    const since = this.unstarted.get(Id) ?? Date.now();
    this.unstarted.set(Id, since);
    if (Date.now() - since < UNSTARTED_MS || this.starting.has(name)) return;
    this.log.warn({ instance: name }, `${name} was made and never started: it is removed`);
    engine.calls
      .getContainer(Id)
      .remove({ v: true, abortSignal })
      .catch((error) => this.log.debug({ error, instance: name }, `${name} could not be removed`));
  }

  private unwilling(id: string, what: string, error: unknown): unknown {
    if (statusOf(error) === undefined) return error;
    return new EdwinError(
      'hosts.unreachable',
      `${id} can not be ${what}: the Docker engine of ${this.engine.host.name} says: ${wordsOf(error)}.`,
      { cause: error },
    );
  }
}

export function unknownInstance(id: string, cause?: unknown): EdwinError {
  return new EdwinError('hosts.unknown-instance', `There is no instance ${id}.`, { cause });
}
