import { Agent } from 'node:http';
import type { EdgeServer, NewServer } from './edge';

/** Below the 5 s after which servers on Node end idle connections: a request must not meet such an end. */
const IDLE_MS = 4_000;
const BACK_OFF_MS = 50;
const BACK_OFF_LIMIT_MS = 1_000;

/** A request that is on its way to, at, or on its way back from a server. */
export interface Session {
  /** When it is given up, in ms of `performance.now()`. */
  deadline: number;
  expire(): void;
  /** Ends it at once. */
  cut(): void;
}

/** A server of a pool, with its connections and how it did lately. */
export class Upstream {
  readonly id: string;
  readonly address: NewServer['address'];
  readonly sessions = new Set<Session>();
  state: EdgeServer['state'];
  private agent: Agent;
  private readonly once = new Agent({ keepAlive: false });
  private failures = 0;
  private downUntil = 0;

  constructor({ id, address }: NewServer, state: EdgeServer['state']) {
    this.id = id;
    this.address = address;
    this.state = state;
    this.agent = keepingAgent();
  }

  /** With `fresh` a connection of its own, which can not have been closed by the server meanwhile. */
  agentFor(fresh: boolean): Agent {
    return fresh ? this.once : this.agent;
  }

  get down(): boolean {
    return this.failures > 0;
  }

  /** Not to be asked for a while. */
  isDown(now: number): boolean {
    return now < this.downUntil;
  }

  get upAgainAt(): number {
    return this.downUntil;
  }

  /** It refused: nobody asks it for a while that grows from 50 ms to 1 s. */
  refused(now: number): void {
    this.downUntil = now + Math.min(BACK_OFF_MS * 2 ** this.failures, BACK_OFF_LIMIT_MS);
    this.failures++;
  }

  /** True when it had refused before. */
  answered(): boolean {
    const recovered = this.failures > 0;
    this.failures = 0;
    this.downUntil = 0;
    return recovered;
  }

  drain(): void {
    this.state = 'draining';
    this.agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  ready(): void {
    if (this.state === 'draining') this.agent = keepingAgent();
    this.state = 'ready';
    this.answered();
  }

  cut(): void {
    for (const session of this.sessions) session.cut();
    this.agent.destroy();
    this.once.destroy();
  }
}

function keepingAgent(): Agent {
  return new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS });
}
