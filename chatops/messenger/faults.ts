import { z } from 'zod';

/**
 * What the Send API shall do wrong, for tests and for people who want to see how the gateway copes.
 * `lose-request`: the call is dropped unread. `lose-answer`: the student gets the message and the caller no answer.
 * `lose-answer-and-echo`: nor does the app get the echo, so that only the conversation tells.
 * `hang`: as that, and the caller waits in vain. `stall`: the caller waits in vain, and the student gets nothing.
 */
export const fault = z.object({
  kind: z.enum([
    'limit',
    'token',
    'window',
    'unavailable',
    'temporary',
    'unknown',
    'lose-request',
    'lose-answer',
    'lose-answer-and-echo',
    'hang',
    'stall',
  ]),
  times: z.int().min(1).max(1000).default(1),
  /** Only sends to this student. */
  student: z.string().max(64).optional(),
});
export type Fault = z.infer<typeof fault>;

export class Faults {
  readonly #planned = new Map<string, { kind: Fault['kind']; student: string | undefined; left: number }[]>();

  plan(environment: string, faults: readonly Fault[]): void {
    this.#planned.set(
      environment,
      faults.map(({ kind, times, student }) => ({ kind, student, left: times })),
    );
  }

  /** The fault that the next send to this student meets; it is used up. */
  take(environment: string, student: string): Fault['kind'] | undefined {
    const next = this.#planned
      .get(environment)
      ?.find((planned) => planned.left > 0 && (planned.student ?? student) === student);
    if (next) next.left -= 1;
    return next?.kind;
  }
}
