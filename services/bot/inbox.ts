import { type Pool, type PoolClient, transaction } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import { type Nudge, nudge as nudgeSchema, type StudentMessage, studentMessage } from '../../platform/messages';
import { answers } from '../../platform/metrics';
import type { Written } from '../../platform/queue/outbox';
import type { IncomingMessage } from '../../platform/queue/queue';
import { inSpan } from '../../platform/tracing';
import { nudgeEffects, replyEffects } from './effects';
import * as store from './store';
import { apology } from './teaching/phrases';
import type { Teaching } from './teaching/talk';

/**
 * Handles what the queues deliver, each message exactly once and a student's messages strictly in their order,
 * whatever is delivered twice, late or to two instances at once:
 *
 *     delivered ─► read the student ─┬─ sequence < next: handled before, drop
 *                                    ├─ sequence > next: keep in the inbox, its predecessor's handler continues with it
 *                                    └─ sequence = next: state, reply and events in one statement, then the next
 *                                           └─ somebody changed the student in between: nothing happened, read again
 */
export interface Inbox {
  take(delivered: IncomingMessage): Promise<void>;
  nudge(delivered: IncomingMessage): Promise<void>;
  /** Continues with messages that could be handled but nobody is at: after a crash between two of them. */
  sweep(): Promise<number>;
}

export interface InboxOptions {
  readonly pool: Pool;
  readonly teaching: Teaching;
  readonly log: Logger;
  /** Called after a commit with what it left in the outbox. */
  readonly told: (written: Written) => void;
  readonly now?: () => Date;
}

type Settled = 'changed' | 'done' | 'more';

/** So often a message that the teaching trips over is tried again, perhaps by a better release; then we apologise. */
const PATIENT_ATTEMPTS = 3;
const SWEPT_AT_ONCE = 100;

export function createInbox({ pool, teaching, log, told, now = () => new Date() }: InboxOptions): Inbox {
  const handle = async (student: store.StudentRow, message: StudentMessage, attempt: number): Promise<Settled> => {
    const effects = effectsOf(student, message, attempt);
    const settled = await store.settle(pool, student, message, effects);
    if (settled === undefined) return 'changed';
    told(settled.written);
    const { sequence, mid } = message;
    log.info({ event: 'message.answered', student: student.id, sequence, mid }, `Message ${sequence} is answered`);
    for (const event of effects.events) {
      if (event.kind === 'item.answered') answers.inc({ level: event.level, correct: String(event.correct) });
      if (event.kind === 'student.placed')
        log.info({ event: 'student.placed', student: student.id, level: event.level }, `Level ${event.level}`);
    }
    return settled.more ? 'more' : 'done';
  };

  const effectsOf = (student: store.StudentRow, message: StudentMessage, attempt: number): store.Effects => {
    const { said, turn } = replyEffects(student, message, teaching, now());
    try {
      return turn();
    } catch (error) {
      if (attempt < PATIENT_ATTEMPTS) throw error;
      log.error(
        { error, mid: message.mid },
        'The teaching failed on a message again and again; the student gets an apology',
      );
      return { state: student.state, reply: { ...said, text: apology, windowStart: message.sentAt }, events: [] };
    }
  };

  /** Handles what waits for a student until the next one is missing. */
  const continueWith = async (name: string, attempt: number): Promise<void> => {
    for (let settled: Settled = 'more'; settled !== 'done'; ) {
      const waiting = await store.readWaiting(pool, name);
      if (waiting === undefined) return;
      const { student, message, headers } = waiting;
      settled = await inSpan('continue bot.inbox', { parent: headers }, () => handle(student, message, attempt));
    }
  };

  /** The number has a message of its own no more, but its followers wait for it. */
  const passOver = async (student: store.StudentRow, message: StudentMessage): Promise<Settled> => {
    log.warn({ event: 'message.duplicated', mid: message.mid }, `Message ${message.mid} came under a second number`);
    const settled = await store.settle(pool, student, message, { state: student.state, reply: undefined, events: [] });
    return settled === undefined ? 'changed' : settled.more ? 'more' : 'done';
  };

  /** `changed`: read the student again. */
  const attempted = async (message: StudentMessage, attempt: number): Promise<Settled> => {
    const read = await store.readStudent(pool, message);
    const next = read?.student.next ?? 1;
    if (message.sequence > next) return (await store.keepWaiting(pool, message)) ? 'done' : 'changed';
    if (read === undefined) {
      await store.createStudent(pool, message.student);
      return 'changed';
    }
    if (message.sequence === next)
      return read.before ? passOver(read.student, message) : handle(read.student, message, attempt);
    log.info({ event: 'message.duplicated', mid: message.mid }, `Message ${message.mid} was handled before`);
    return 'more';
  };

  const handleNudge = async (client: PoolClient, nudge: Nudge): Promise<{ outcome: string; written?: Written }> => {
    const student = await store.lockStudent(client, nudge.student);
    if (!(await store.claimNudge(client, nudge.id, nudge.student, nudge.kind))) return { outcome: 'handled before' };
    const { effects, reason } = nudgeEffects(student, nudge, teaching, now());
    const outcome = reason ?? 'done';
    return { outcome, written: await store.settleClaimed(client, nudge.id, outcome, student, effects) };
  };

  return {
    take: async ({ body, attempt }) => {
      const message = studentMessage.parse(body);
      let settled: Settled;
      do settled = await attempted(message, attempt);
      while (settled === 'changed');
      if (settled === 'more') await continueWith(message.student, attempt);
    },

    nudge: async ({ body }) => {
      const nudge = nudgeSchema.parse(body);
      const { outcome, written } = await transaction(pool, (client) => handleNudge(client, nudge));
      if (written) told(written);
      const { id, kind, student } = nudge;
      if (outcome !== 'done') log.info({ nudge: id, reason: outcome }, `Nudge ${id} changes nothing: ${outcome}`);
      else if (kind === 'reminder') log.info({ event: 'reminder.sent', student, nudge: id }, 'The student is reminded');
      else log.info({ event: 'session.expired', student, nudge: id }, 'The session has ended');
    },

    sweep: async () => {
      const { rows } = await pool.query<{ student: string }>(
        `select i.student from bot.inbox i join bot.students s on s.id = i.student and s.next_sequence = i.sequence
         where i.handled_at is null and i.received_at < now() - interval '2 seconds' order by i.received_at limit ${SWEPT_AT_ONCE}`,
      );
      for (const { student } of rows) await continueWith(student, PATIENT_ATTEMPTS);
      return rows.length;
    },
  };
}
