/** Calls in a sliding second, for each environment. */
export class Rate {
  readonly #most: number;
  readonly #calls = new Map<string, number[]>();

  constructor(callsPerSecond: number) {
    this.#most = callsPerSecond;
  }

  /** Counts a call; false when it is one too many. */
  allows(environment: string, now: number): boolean {
    const recent = (this.#calls.get(environment) ?? []).filter((at) => now - at < 1_000);
    const allowed = recent.length < this.#most;
    if (allowed) recent.push(now);
    this.#calls.set(environment, recent);
    return allowed;
  }
}
