import { type Engines, openEngines } from '../docker/engines';
import type { Logger } from '../log';
import { DockerHost, unknownInstance } from './docker-host';
import { readDockerLogs } from './docker-logs';
import type { Host, Hosts, Instance, InstanceEvent, InstanceLabels, InstanceSpec, LogLine, LogOptions } from './hosts';

/**
 * Instances as containers of Docker engines (20.10 and later), one engine for each host; `url` as for
 * platform/docker/engines.ts. Containers are known by their labels `edwin.*`, whoever started them, and are named like
 * the instance. They carry their environment, which everybody can read who may use the engine.
 * @throws `config.invalid`
 */
export function openDockerHosts(url: string, log: Logger): Hosts {
  return new DockerHosts(openEngines(url, log), log);
}

class DockerHosts implements Hosts {
  private readonly engines: Engines;
  private readonly log: Logger;
  private byName = new Map<string, DockerHost>();
  private readonly listeners = new Set<(event: InstanceEvent) => void>();
  private readonly closing = new AbortController();

  constructor(engines: Engines, log: Logger) {
    this.engines = engines;
    this.log = log;
    this.take();
    engines.onChange(() => this.take());
  }

  private take(): void {
    const before = this.byName;
    this.byName = new Map();
    for (const engine of this.engines.list()) {
      const old = before.get(engine.host.name);
      const kept = old?.engine === engine ? old : new DockerHost(engine, this.log, (event) => this.tell(event));
      this.byName.set(engine.host.name, kept);
    }
    for (const host of before.values()) if (this.byName.get(host.engine.host.name) !== host) void host.close();
  }

  hosts(): Promise<Host[]> {
    return Promise.all(this.all().map((host) => host.describe()));
  }

  async start(spec: InstanceSpec): Promise<Instance> {
    const { host } = this.engines.get(spec.host);
    // Its id may have come to another host, when this one could not be reached.
    const elsewhere = this.all().find((each) => each.engine.host !== host && each.remembers(spec.id));
    return (elsewhere ?? this.byName.get(spec.host)!).start(spec);
  }

  async stop(id: string, { graceSeconds }: { readonly graceSeconds: number }): Promise<void> {
    await this.onHolder(id, (host) => host.stop(id, graceSeconds));
  }

  async remove(id: string): Promise<void> {
    await this.onHolder(id, (host) => host.remove(id));
  }

  async instances(selector: Partial<InstanceLabels> = {}): Promise<Instance[]> {
    const wanted = Object.entries(selector);
    const lists = await Promise.all(this.all().map((host) => host.instances()));
    return lists
      .flat()
      .filter(({ labels }) => wanted.every(([name, value]) => labels[name as keyof InstanceLabels] === value));
  }

  async *logs(id: string, options: LogOptions): AsyncGenerator<LogLine> {
    const holder = await this.holder(id);
    const stop = new AbortController();
    const end = (): void => stop.abort();
    const signals = [this.closing.signal, ...(options.signal ? [options.signal] : [])];
    for (const signal of signals) signal.addEventListener('abort', end, { once: true });
    if (signals.some(({ aborted }) => aborted)) return;
    try {
      yield* readDockerLogs(holder.logOf(id), options, stop.signal);
    } finally {
      end();
      for (const signal of signals) signal.removeEventListener('abort', end);
    }
  }

  watch(onEvent: (event: InstanceEvent) => void): { stop(): void } {
    this.listeners.add(onEvent);
    return { stop: () => this.listeners.delete(onEvent) };
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.listeners.clear();
    await Promise.all(this.all().map((host) => host.close()));
    this.engines.close();
  }

  private all(): DockerHost[] {
    return [...this.byName.values()];
  }

  private tell(event: InstanceEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /**
   * Does `work` on the host that has the instance. Where none remembers it all are asked; one that can not be asked may
   * have it, so that nobody can say it is gone.
   */
  private async onHolder(id: string, work: (host: DockerHost) => Promise<boolean>): Promise<void> {
    const likely = this.all().filter((host) => host.remembers(id));
    for (const host of likely) if (await work(host)) return;
    const results = await Promise.allSettled(this.all().map(work));
    if (results.some((result) => result.status === 'fulfilled' && result.value)) return;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  private async holder(id: string): Promise<DockerHost> {
    const likely = this.all().find((host) => host.remembers(id));
    if (likely) return likely;
    const results = await Promise.allSettled(this.all().map(async (host) => ((await host.has(id)) ? host : undefined)));
    const found = results.find((result) => result.status === 'fulfilled' && result.value);
    if (found?.status === 'fulfilled' && found.value) return found.value;
    const failure = results.find((result) => result.status === 'rejected');
    throw failure ? failure.reason : unknownInstance(id);
  }
}
