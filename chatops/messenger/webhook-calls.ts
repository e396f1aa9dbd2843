import type { Pool } from '../../platform/database/postgres';

/** A call of an app's webhook that has not been answered with 200. */
export interface WebhookCall {
  readonly position: string;
  readonly message: number | undefined;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly attempts: number;
  readonly createdAt: Date;
}

/** Table `messenger.webhooks`: calls wait here, in the order of each student, until they are answered or given up. */
export class WebhookCalls {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async waiting(): Promise<{ environment: string; student: string }[]> {
    const { rows } = await this.#pool.query('select distinct environment, student from messenger.webhooks');
    return rows;
  }

  async first(environment: string, student: string): Promise<WebhookCall | undefined> {
    const { rows } = await this.#pool.query(
      `select position, message, body, headers, attempts, created_at from messenger.webhooks
       where environment = $1 and student = $2 order by position limit 1`,
      [environment, student],
    );
    const row = rows[0];
    if (!row) return undefined;
    const { position, message, body, headers, attempts, created_at: createdAt } = row;
    return { position, message: message === null ? undefined : Number(message), body, headers, attempts, createdAt };
  }

  async failed({ position }: WebhookCall): Promise<void> {
    await this.#pool.query('update messenger.webhooks set attempts = attempts + 1 where position = $1', [position]);
  }

  /** Removes the call; a student's message gets its final state. */
  async done({ position }: WebhookCall, state: 'delivered' | 'undelivered'): Promise<void> {
    await this.#pool.query(
      `with call as (delete from messenger.webhooks where position = $1 returning message)
       update messenger.messages m set state = $2 from call where m.position = call.message and m.sender = 'student'`,
      [position, state],
    );
  }
}
