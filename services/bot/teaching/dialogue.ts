import type { LearningEvent, Nudge, StudentMessage } from '../../../platform/messages';
import type { Item } from './bank';
import type { QuickReplies } from './exercise';
import { grade, type Verdict } from './grade';
import { type CommandName, type Intent, intentOf } from './intent';
import * as say from './phrases';
import type { Student } from './student';
import { type Moment, Talk, type Teaching, type Turn } from './talk';
import { clockIn, timeZoneNamed } from './timezone';

/**
 * The whole conversation as pure functions: what a student is, a message and a moment give what the student becomes,
 * one reply, and what others should learn. The same input gives the same output, so handling again changes nothing.
 *
 *     stranger ──first message──► placing ──enough answers──► learning ──"new test"──► placing
 */
export function answer(before: Student, message: StudentMessage, teaching: Teaching, moment: Moment): Turn {
  const talk = new Talk(before, message.student, teaching, moment);
  const at = talk.wrote(new Date(message.sentAt));
  const intent = intentOf(message);
  if (before.asked === 0) greet(talk, intent, moment);
  else if (intent.kind === 'command' && intent.name !== 'skip') obey(talk, intent.name, intent.argument, moment);
  else if (intent.kind === 'attachment') talk.lines.push(say.attachmentAnswer);
  else takeAnswer(talk, intent, at);
  return talk.turn();
}

/** What a nudge leads to: a reminder says something, the end of a session only tells others, a late one does nothing. */
export interface NudgeTurn {
  readonly student: Student;
  readonly events: readonly LearningEvent[];
  readonly say?: { readonly text: string; readonly quickReplies: QuickReplies };
  /** Why nothing changes. */
  readonly reason?: string;
}

const WINDOW_MS = 24 * 3_600_000;
/** After so long a student was elsewhere; it says nothing about the speed of answering. */
const LONGEST_ANSWER_MS = 10 * 60_000;

export function nudged(before: Student, nudge: Nudge, teaching: Teaching, moment: Moment): NudgeTurn {
  const nothing = (reason: string): NudgeTurn => ({ student: before, events: [], reason });
  if (before.wroteAt === undefined) return nothing('the student has never written');
  const wroteAt = Date.parse(before.wroteAt);
  if (wroteAt > Date.parse(nudge.silentSince ?? nudge.dueAt)) return nothing('the student has written since');
  const talk = new Talk(before, nudge.student, teaching, moment);
  if (nudge.kind === 'session_expired') {
    if (before.session === undefined) return nothing('no session is open');
    talk.endSession();
    return { student: talk.student, events: talk.events };
  }
  if (!before.reminders) return nothing('reminders are off');
  if (moment.now.getTime() >= wroteAt + WINDOW_MS) return nothing('the 24-hour window has closed');
  talk.lines.push(say.reminderText);
  talk.restartClock();
  const { text, quickReplies, student } = talk.turn();
  return { student, events: talk.events, say: { text, quickReplies } };
}

/** A stranger's first words are never graded; what they ask for is done all the same. */
function greet(talk: Talk, intent: Intent, moment: Moment): void {
  talk.lines.push(say.greeting);
  const wish = intent.kind === 'command' ? intent.name : 'start';
  if (wish !== 'start' && wish !== 'skip' && wish !== 'new test' && intent.kind === 'command')
    obey(talk, wish, intent.argument, moment);
}

function obey(talk: Talk, name: Exclude<CommandName, 'skip'>, argument: string, { now }: Moment): void {
  if (name === 'start') talk.lines.push(say.backToWork);
  if (name === 'help') talk.lines.push(say.help);
  if (name === 'progress') talk.lines.push(say.progressText(talk.student));
  if (name === 'level') talk.lines.push(say.levelAnswer(talk.student.level));
  if (name === 'reminders on' || name === 'reminders off') talk.setReminders(name === 'reminders on');
  if (name === 'time zone') talk.lines.push(setTimeZone(talk, argument, now));
  if (name === 'new test') {
    talk.lines.push(say.startingAgain);
    talk.forgetLevel();
  }
}

function setTimeZone(talk: Talk, name: string, now: Date): string {
  if (name === '') return say.zoneHowTo;
  const zone = timeZoneNamed(name);
  if (zone === undefined) return say.zoneUnknown(name);
  talk.student = { ...talk.student, timeZone: zone };
  return say.zoneSet(zone, clockIn(zone, now));
}

function takeAnswer(talk: Talk, intent: Exclude<Intent, { kind: 'attachment' }>, at: Date): void {
  const { exercise } = talk.student;
  const item = exercise && talk.teaching.bank.get(exercise.item);
  if (exercise === undefined || item === undefined) {
    talk.lines.push(say.lostExercise);
    talk.ask();
    return;
  }
  const old = intent.kind === 'tap' && intent.exercise !== exercise.number;
  const verdict = old ? 'unclear' : verdictOf(item, intent, exercise.shown);
  if (verdict === 'unclear') {
    talk.lines.push(old ? say.oldTap : item.kind === 'choice' ? say.unclear : say.unclearText);
    return;
  }
  const ms = Math.min(LONGEST_ANSWER_MS, Math.max(0, at.getTime() - Date.parse(exercise.askedAt)));
  if (talk.student.level === undefined) talk.placed(item, verdict);
  else talk.practised(item, verdict, ms, intent.kind === 'command');
  talk.counted(item, verdict, at, ms);
  talk.ask();
}

/** The only command that comes here is “skip”. */
function verdictOf(item: Item, intent: Exclude<Intent, { kind: 'attachment' }>, shown: readonly string[]): Verdict {
  if (intent.kind === 'command') return 'wrong';
  if (intent.kind === 'text') return grade(item, intent.text, shown);
  const option = shown[intent.option];
  return option === undefined ? 'unclear' : item.answers.includes(option) ? 'right' : 'wrong';
}
