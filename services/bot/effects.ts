import { createHash } from 'node:crypto';
import type { Nudge, Reply, StudentMessage } from '../../platform/messages';
import type { Effects, StudentRow } from './store';
import { answer, nudged } from './teaching/dialogue';
import { seededRandom } from './teaching/random';
import { studentSchema } from './teaching/student';
import type { Moment, Teaching } from './teaching/talk';

/** What a message leads to: the frame of its one reply, and the turn of the conversation, which may throw. */
export function replyEffects(student: StudentRow, message: StudentMessage, teaching: Teaching, now: Date) {
  const id = shortId(message.mid);
  const said = { id: `r:${id}:1`, student: student.id, sequence: student.replies + 1, inReplyTo: message.mid };
  const turn = (): Effects => {
    const moment = momentOf(now, id, `${student.id}:${message.sequence}`);
    const {
      student: state,
      text,
      quickReplies,
      events,
    } = answer(studentSchema.parse(student.state), message, teaching, moment);
    return {
      state,
      reply: { ...said, text, windowStart: state.wroteAt ?? message.sentAt, ...buttons(quickReplies) },
      events,
    };
  };
  return { said, turn };
}

/** What a nudge leads to, with the reason when that is nothing. */
export function nudgeEffects(
  student: StudentRow,
  nudge: Nudge,
  teaching: Teaching,
  now: Date,
): { effects: Effects; reason: string | undefined } {
  const id = shortId(nudge.id);
  const before = studentSchema.parse(student.state);
  const { student: state, events, say, reason } = nudged(before, nudge, teaching, momentOf(now, id, nudge.id));
  const reply = say && {
    id: `r:${id}:1`,
    student: student.id,
    sequence: student.replies + 1,
    text: say.text,
    windowStart: before.wroteAt ?? nudge.dueAt,
    ...buttons(say.quickReplies),
  };
  return { effects: { state, reply, events }, reason };
}

const LONGEST_ID = 160;

/** Ids of replies and events carry the id of what they answer; one that is too long, by its hash. */
function shortId(id: string): string {
  return id.length <= LONGEST_ID ? id : createHash('sha256').update(id).digest('hex');
}

function momentOf(now: Date, id: string, seed: string): Moment {
  return { now, random: seededRandom(seed), eventBase: `e:${id}` };
}

function buttons(quickReplies: NonNullable<Reply['quickReplies']>): Pick<Reply, 'quickReplies'> {
  return quickReplies.length === 0 ? {} : { quickReplies };
}
