import { EventEmitter, on } from 'node:events';
import { EdwinError } from '../platform/errors';
import {
  type Fleet,
  finalStates,
  type Operation,
  type OperationRequest,
  type Release,
  type ServiceStatus,
} from '../platform/fleet/fleet';

/**
 * A fleet in memory for tests of chat, where operations are moved by the test itself. It stands in only where the
 * fleet is not the subject; it keeps the promise on keys (the same key, the same operation).
 */
export class FleetDouble implements Fleet {
  readonly environments = ['dev', 'stage', 'prod'];
  readonly services = ['gateway', 'mailer', 'bot', 'scheduler', 'analytics'];
  readonly operations: Operation[] = [];
  readonly built: Release[] = [41, 42, 43].map((number) => release('bot', number));
  /** Requests as they arrived, repeated ones included. */
  readonly requests: OperationRequest[] = [];
  readonly lines: { instance: string; line: string; at: Date | undefined }[] = [];
  cells: ServiceStatus[] | undefined;
  /** Thrown by the next request. */
  refuse: Error | undefined;
  private readonly keys = new Map<string, number>();
  private readonly changes = new EventEmitter().setMaxListeners(0);

  async build(
    request: { service: string; ref: string | undefined; requestedBy: string },
    onProgress?: (line: string) => void,
  ) {
    onProgress?.('compiling');
    const made = release(request.service, 44);
    const image = {
      service: request.service,
      digest: made.image,
      commit: made.commit,
      subject: made.subject,
      author: made.author,
      builtAt: made.createdAt,
      bytes: 5_242_880,
      runsItself: false,
    };
    return { release: made, image, created: true };
  }

  async releases(service: string, limit: number) {
    const list = this.built.filter((one) => one.service === service).sort((a, b) => b.number - a.number);
    return list.slice(0, limit).map((one) => ({ release: one, serving: one.number === 42 ? ['stage'] : [] }));
  }

  async request(request: OperationRequest): Promise<Operation> {
    this.requests.push(request);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.refuse) throw this.refuse;
    const known = this.keys.get(request.key);
    if (known !== undefined) return this.operation(known);
    const made = operation({
      id: this.operations.length + 812,
      kind: request.kind,
      service: request.service,
      environment: request.environment,
      to: request.release ?? 43,
      requestedBy: request.requestedBy,
      origin: request.origin ?? {},
      requestedAt: new Date(),
    });
    this.keys.set(request.key, made.id);
    this.operations.push(made);
    this.changes.emit('change', made.id);
    return made;
  }

  async plan(request: OperationRequest) {
    return {
      from: this.built[0],
      to: this.built.find(({ number }) => number === request.release) ?? this.built[2]!,
      steps: ['start 2 instances', 'shift traffic', 'stop 2 instances'],
    };
  }

  async operation(id: number): Promise<Operation> {
    const found = this.operations.find((one) => one.id === id);
    if (!found) throw new EdwinError('fleet.unknown-operation', `There is no operation ${id}.`);
    return found;
  }

  async history({ service, environment, limit, states }: Parameters<Fleet['history']>[0]): Promise<Operation[]> {
    return [...this.operations]
      .reverse()
      .filter(
        (one) =>
          (service === undefined || one.service === service) &&
          (environment === undefined || one.environment === environment),
      )
      .filter((one) => states === undefined || states.includes(one.state))
      .slice(0, limit);
  }

  async *follow(id: number, signal?: AbortSignal): AsyncIterable<Operation> {
    const changes = on(this.changes, 'change', signal ? { signal } : {});
    try {
      let now = await this.operation(id);
      yield now;
      while (!finalStates.includes(now.state)) {
        const { value } = await changes.next();
        if ((value as [number])[0] !== id) continue;
        now = await this.operation(id);
        yield now;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      await changes.return?.();
    }
  }

  async status(filter: { service?: string; environment?: string } = {}): Promise<ServiceStatus[]> {
    const cells =
      this.cells ??
      this.services.flatMap((service) => this.environments.map((environment) => cell({ service, environment })));
    return cells.filter(
      (one) =>
        (filter.service ?? one.service) === one.service && (filter.environment ?? one.environment) === one.environment,
    );
  }

  watch(onChange: () => void): { stop(): void } {
    this.changes.on('change', onChange);
    return { stop: () => void this.changes.off('change', onChange) };
  }

  async logs() {
    return this.lines;
  }

  /** Moves an operation on, as the rollout would. */
  change(id: number, changes: Partial<Operation>): void {
    const index = this.operations.findIndex((one) => one.id === id);
    this.operations[index] = { ...this.operations[index]!, ...changes };
    this.changes.emit('change', id);
  }
}

export const T0 = new Date('2026-03-02T10:31:00Z');

export function release(service: string, number: number, changes: Partial<Release> = {}): Release {
  return {
    service,
    number,
    image: `sha256:${String(number).padStart(64, '0')}`,
    commit: `${['9f2c1e0', 'c07d9a4', 'd1f3b07'][(number + 1) % 3]}${'0'.repeat(33)}`,
    subject: 'Ask fewer placement items',
    author: 'Alice',
    createdAt: T0,
    createdBy: 'alice',
    snapshot: {
      kind: 'worker',
      run: 'node main.js',
      healthPath: undefined,
      config: { common: {}, environments: {} },
      secrets: {},
      needs: [],
      memoryMb: 128,
      cpus: 1,
      rollout: { healthSeconds: 60, drainSeconds: 10, stopGraceSeconds: 10, holdSeconds: 5, retry: 'idempotent' },
    },
    ...changes,
  };
}

export function operation(changes: Partial<Operation> = {}): Operation {
  return {
    id: 812,
    kind: 'deployment',
    service: 'bot',
    environment: 'stage',
    from: 41,
    to: 42,
    state: 'planned',
    requestedBy: 'alice',
    requestedAt: T0,
    finishedAt: undefined,
    reason: undefined,
    logTail: [],
    phase: '',
    progress: { done: 0, total: 0 },
    steps: [],
    origin: {},
    traceId: undefined,
    ...changes,
  };
}

export function cell(changes: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    service: 'bot',
    kind: 'worker',
    environment: 'stage',
    serving: undefined,
    servingSince: undefined,
    wanted: 0,
    instances: [],
    running: undefined,
    last: undefined,
    behind: 0,
    drift: [],
    url: undefined,
    ...changes,
  };
}
