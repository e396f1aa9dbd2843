import type { LearningEvent } from '../../../platform/messages';
import { type Bank, guessChance, type Item, type Level } from './bank';
import { afterAnswer, chooseItem, choosePlacementItem, remembered } from './curriculum';
import { optionsShown, type QuickReplies, showExercise } from './exercise';
import type { Verdict } from './grade';
import * as say from './phrases';
import { nextPlacementStep } from './placement';
import { pick, type Random } from './random';
import type { Student } from './student';

export interface Teaching {
  readonly bank: Bank;
  /** Most items of a placement. */
  readonly placementItems: number;
}

export interface Moment {
  readonly now: Date;
  readonly random: Random;
  /** Ids of events begin with it. */
  readonly eventBase: string;
}

export interface Turn {
  readonly student: Student;
  readonly text: string;
  readonly quickReplies: QuickReplies;
  readonly events: readonly LearningEvent[];
}

type EventBody = LearningEvent extends infer E
  ? E extends LearningEvent
    ? Omit<E, 'id' | 'student' | 'at'>
    : never
  : never;

const LONGEST_TEXT = 2000;

/** One turn in the making: the student as changed so far, the lines to say, the events to tell. */
export class Talk {
  student: Student;
  readonly lines: string[] = [];
  readonly teaching: Teaching;
  private readonly name: string;
  private readonly moment: Moment;
  readonly events: LearningEvent[] = [];

  constructor(student: Student, name: string, teaching: Teaching, moment: Moment) {
    this.student = student;
    this.name = name;
    this.teaching = teaching;
    this.moment = moment;
  }

  /** The student wrote: a session is open from here, and Messenger's window begins anew. */
  wrote(sentAt: Date): Date {
    const at = new Date(Math.min(sentAt.getTime(), this.moment.now.getTime()));
    const wroteAt = [this.student.wroteAt, at.toISOString()]
      .filter((time) => time !== undefined)
      .sort()
      .at(-1)!;
    this.student = { ...this.student, wroteAt };
    if (this.student.session === undefined) {
      const startedAt = this.nextTick();
      this.student = { ...this.student, session: { startedAt: startedAt.toISOString(), answers: 0, correct: 0 } };
      this.tell({ kind: 'session.started' }, startedAt);
    }
    return at;
  }

  endSession(): void {
    const { session, ...rest } = this.student;
    if (session === undefined) return;
    this.student = rest;
    this.tell({ kind: 'session.ended', answers: session.answers, correct: session.correct }, this.nextTick());
  }

  setReminders(on: boolean): void {
    this.student = { ...this.student, reminders: on };
    this.lines.push(on ? say.remindersOn : say.remindersOff);
    this.tell({ kind: 'reminders.changed', on }, this.nextTick());
  }

  /** An answer of the placement: it is not judged aloud, and the last one gives the level. */
  placed(item: Item, verdict: Verdict): void {
    const answer = { item: item.id, level: item.level, correct: isRight(verdict), guess: guessChance(item) };
    const placement = [...this.student.placement, answer];
    this.student = { ...this.student, placement };
    const step = nextPlacementStep(placement, this.teaching.placementItems);
    if ('placed' in step) this.setLevel(step.placed);
    this.lines.push('placed' in step ? say.placedAt(step.placed) : pick(say.noted, this.moment.random));
  }

  practised(item: Item, verdict: Verdict, ms: number, skipped: boolean): void {
    const { level } = this.student;
    if (level === undefined) return;
    this.lines.push(this.feedback(item, verdict, skipped));
    this.student = afterAnswer({ ...this.student, level }, item, isRight(verdict), ms);
    if (this.student.level === undefined || this.student.level === level) return;
    this.lines.push(say.levelChanged(level, this.student.level));
    this.setLevel(this.student.level);
  }

  counted(item: Item, verdict: Verdict, at: Date, ms: number): void {
    const right = isRight(verdict) ? 1 : 0;
    const { session, answers, correct } = this.student;
    this.student = {
      ...this.student,
      answers: answers + 1,
      correct: correct + right,
      ...(session && { session: { ...session, answers: session.answers + 1, correct: session.correct + right } }),
    };
    this.tell(
      { kind: 'item.answered', item: item.id, skill: item.skill, level: item.level, correct: right === 1, ms },
      at,
    );
  }

  /** Chooses the next exercise. */
  ask(): void {
    const { bank, placementItems } = this.teaching;
    const { random, now } = this.moment;
    const { level, recent, placement } = this.student;
    const step = nextPlacementStep(placement, placementItems);
    const item =
      level === undefined && 'ask' in step
        ? choosePlacementItem(bank, step.ask, recent, random)
        : chooseItem(bank, { ...this.student, level: level ?? 'A1' }, random);
    const number = this.student.asked + 1;
    const exercise = { number, item: item.id, askedAt: now.toISOString(), shown: optionsShown(item, random) };
    this.student = { ...this.student, asked: number, exercise, recent: remembered(recent, item) };
  }

  /** Back to placement, without the open exercise. */
  forgetLevel(): void {
    const { level: _level, exercise: _exercise, ...rest } = this.student;
    this.student = { ...rest, placement: [], form: [] };
  }

  /** The time to answer counts from now, as after a reminder. */
  restartClock(): void {
    const { exercise } = this.student;
    if (exercise) this.student = { ...this.student, exercise: { ...exercise, askedAt: this.moment.now.toISOString() } };
  }

  /** Lines, then the exercise that is open. */
  turn(): Turn {
    const exercise = this.openExercise();
    const { student } = this;
    const zone = student.timeZone === undefined ? {} : { timeZone: student.timeZone };
    const place =
      student.level === undefined
        ? `Question ${student.placement.length + 1}, at most ${this.teaching.placementItems}. `
        : '';
    const text = [...this.lines, place + exercise.text].join('\n\n').slice(0, LONGEST_TEXT);
    const wroteAt = student.wroteAt === undefined ? this.moment.now : new Date(student.wroteAt);
    const active = this.event({ kind: 'student.active', ...zone }, wroteAt);
    return { student, text, quickReplies: exercise.quickReplies, events: [active, ...this.events] };
  }

  private openExercise(): { text: string; quickReplies: QuickReplies } {
    const item = this.student.exercise && this.teaching.bank.get(this.student.exercise.item);
    if (item === undefined) this.ask();
    const { exercise } = this.student;
    return showExercise(item ?? this.teaching.bank.get(exercise!.item)!, exercise!.number, exercise!.shown);
  }

  private feedback(item: Item, verdict: Verdict, skipped: boolean): string {
    if (verdict === 'right') return pick(say.praise, this.moment.random);
    if (verdict === 'nearly') return say.spelling(item);
    return skipped ? say.wrongAnswer(item) : `${pick(say.regret, this.moment.random)} ${say.wrongAnswer(item)}`;
  }

  private setLevel(level: Level): void {
    this.student = { ...this.student, level };
    this.tell({ kind: 'student.placed', level }, this.nextTick());
  }

  /** Now, but later than every such time of this student before, so that readers can order what overtook on the way. */
  private nextTick(): Date {
    const clock = Math.max(this.moment.now.getTime(), this.student.clock + 1);
    this.student = { ...this.student, clock };
    return new Date(clock);
  }

  private tell(body: EventBody, at: Date): void {
    this.events.push(this.event(body, at));
  }

  private event(body: EventBody, at: Date): LearningEvent {
    return { ...body, id: `${this.moment.eventBase}:${body.kind}`, student: this.name, at: at.toISOString() };
  }
}

function isRight(verdict: Verdict): boolean {
  return verdict === 'right' || verdict === 'nearly';
}
