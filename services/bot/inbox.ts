import { createHash } from 'node:crypto';
import { type Pool, type PoolClient, transaction } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import {
  type Nudge,
  nudge as nudgeSchema,
  type Reply,
  type StudentMessage,
  studentMessage,
} from '../../platform/messages';
import { answers } from '../../platform/metrics';
import type { IncomingMessage } from '../../platform/queue/queue';
import { inSpan } from '../../platform/tracing';
import * as store from './store';
import { answer, nudged } from './teaching/dialogue';
import { apology } from './teaching/phrases';
import { seededRandom } from './teaching/random';
import { studentSchema } from './teaching/student';
import type { Moment, Teaching } from './teaching/talk';

/**
 * Handles what the queues deliver, each message exactly once and a student's messages strictly in their order,
 * whatever is delivered twice, late or by two instances at once:
 *
 *     delivered ─► lock the student ─┬─ sequence < next: handled before, drop
 *                                    ├─ sequence > next: keep in the inbox, its predecessor's handler continues with it
 *                                    └─ sequence = next: state, reply and events in this transaction, then the next
 *
 * Everything happens under the lock of the student's row, so nothing can be left behind between two instances.
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
  /** Called after a commit that left something in the outbox. */
  readonly told: () => void;
  readonly now?: () => Date;
}

/** So often a message that the teaching trips over is tried again, perhaps by a better release; then we apologise. */
const PATIENT_ATTEMPTS = 3;
const SWEPT_AT_ONCE = 100;
const LONGEST_ID = 160;

export function createInbox({ pool, teaching, log, told, now = () => new Date() }: InboxOptions): Inbox {
  const handle = async (
    client: PoolClient,
    student: store.LockedStudent,
    message: StudentMessage,
    attempt: number,
  ): Promise<boolean> => {
    if (await store.handledBefore(client, message)) {
      log.warn({ event: 'message.duplicated', mid: message.mid }, `Message ${message.mid} came under a second number`);
      return store.settle(client, student, message, { state: student.state, reply: undefined, events: [] });
    }
    const effects = effectsOf(student, message, attempt);
    const more = await store.settle(client, student, message, effects);
    const { sequence, mid } = message;
    log.info({ event: 'message.answered', student: student.id, sequence, mid }, `Message ${sequence} is answered`);
    for (const event of effects.events) {
      if (event.kind === 'item.answered') answers.inc({ level: event.level, correct: String(event.correct) });
      if (event.kind === 'student.placed')
        log.info({ event: 'student.placed', student: student.id, level: event.level }, `Level ${event.level}`);
    }
    return more;
  };

  const effectsOf = (student: store.LockedStudent, message: StudentMessage, attempt: number): store.Effects => {
    const id = shortId(message.mid);
    const said = { id: `r:${id}:1`, student: student.id, sequence: student.replies + 1, inReplyTo: message.mid };
    try {
      const turn = answer(
        studentSchema.parse(student.state),
        message,
        teaching,
        moment(id, `${student.id}:${message.sequence}`),
      );
      const windowStart = turn.student.wroteAt ?? message.sentAt;
      const { text, quickReplies, events } = turn;
      return { state: turn.student, reply: { ...said, text, windowStart, ...buttons(quickReplies) }, events };
    } catch (error) {
      if (attempt < PATIENT_ATTEMPTS) throw error;
      log.error(
        { error, mid: message.mid },
        'The teaching failed on a message again and again; the student gets an apology',
      );
      return { state: student.state, reply: { ...said, text: apology, windowStart: message.sentAt }, events: [] };
    }
  };

  const moment = (id: string, seed: string): Moment => ({
    now: now(),
    random: seededRandom(seed),
    eventBase: `e:${id}`,
  });

  /** Handles what waits for a student, one transaction each, until the next one is missing. */
  const continueWith = async (name: string, attempt: number): Promise<void> => {
    let more = true;
    while (more) {
      more = await transaction(pool, async (client) => {
        const student = await store.lockStudent(client, name);
        const waiting = await store.waitingMessage(client, student);
        if (waiting === undefined) return false;
        return inSpan('continue bot.inbox', { parent: waiting.headers }, () =>
          handle(client, student, waiting.message, attempt),
        );
      });
      told();
    }
  };

  return {
    take: async ({ body, attempt }) => {
      const message = studentMessage.parse(body);
      const more = await transaction(pool, async (client) => {
        const student = await store.lockStudent(client, message.student);
        if (message.sequence === student.next) return handle(client, student, message, attempt);
        if (message.sequence > student.next) await store.keepWaiting(client, message);
        else log.info({ event: 'message.duplicated', mid: message.mid }, `Message ${message.mid} was handled before`);
        return message.sequence < student.next && (await store.waitingMessage(client, student)) !== undefined;
      });
      told();
      if (more) await continueWith(message.student, attempt);
    },

    nudge: async ({ body }) => {
      const nudge = nudgeSchema.parse(body);
      const outcome = await transaction(pool, async (client) => {
        const student = await store.lockStudent(client, nudge.student);
        if (!(await store.claimNudge(client, nudge.id, nudge.student, nudge.kind))) return 'handled before';
        return handleNudge(client, student, nudge);
      });
      told();
      if (outcome === 'done') {
        const event = nudge.kind === 'reminder' ? 'reminder.sent' : 'session.expired';
        log.info(
          { event, student: nudge.student, nudge: nudge.id },
          nudge.kind === 'reminder' ? 'The student is reminded' : 'The session has ended',
        );
      } else {
        log.info({ nudge: nudge.id, outcome }, `Nudge ${nudge.id} changes nothing: ${outcome}`);
      }
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

  async function handleNudge(client: PoolClient, student: store.LockedStudent, nudge: Nudge): Promise<string> {
    const id = shortId(nudge.id);
    const before = studentSchema.parse(student.state);
    const turn = nudged(before, nudge, teaching, moment(id, nudge.id));
    const said = turn.say && {
      id: `r:${id}:1`,
      student: student.id,
      sequence: student.replies + 1,
      text: turn.say.text,
      windowStart: before.wroteAt!,
      ...buttons(turn.say.quickReplies),
    };
    await store.settleClaimed(client, nudge.id, turn.reason ?? 'done', student, {
      state: turn.student,
      reply: said,
      events: turn.events,
    });
    return turn.reason ?? 'done';
  }
}

function buttons(quickReplies: NonNullable<Reply['quickReplies']>): Pick<Reply, 'quickReplies'> {
  return quickReplies.length === 0 ? {} : { quickReplies };
}

/** Ids of replies and events carry the id of what they answer; one that is too long, by its hash. */
function shortId(id: string): string {
  return id.length <= LONGEST_ID ? id : createHash('sha256').update(id).digest('hex');
}
