/** A refusal in Slack's words: the Web API answers it as `{ok: false, error}` with HTTP 200. */
export class SlackFailure extends Error {
  readonly error: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(error: string, details: Readonly<Record<string, unknown>> = {}) {
    super(error);
    this.name = 'SlackFailure';
    this.error = error;
    this.details = details;
  }
}

/** The only refusal that is an HTTP status: 429 with `retry-after`. */
export class RateLimited extends Error {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('ratelimited');
    this.name = 'RateLimited';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
