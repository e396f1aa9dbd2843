import type { Item, Level } from './bank';
import { completed } from './grade';
import type { Student } from './student';

/** Everything the bot says, apart from the exercises. */
export const praise = ['Right!', 'Well done!', 'Exactly.', 'Correct!', 'That’s it.', 'Perfect.'] as const;
export const regret = ['Not quite.', 'Almost, but no.', 'Not this time.', 'No, not that one.'] as const;
export const noted = ['Thanks, noted.', 'Got it.', 'Okay, next one.', 'Noted.'] as const;

export const greeting =
  'Hello, I’m Edwin, and I teach English in small steps. First a few questions to find your level; ' +
  'it doesn’t matter if you don’t know an answer: just type “skip”.';
export const attachmentAnswer = 'Thank you! I can only read text, though, so please type your answer.';
export const lostExercise = 'That exercise is gone; here is another one.';
export const oldTap = 'You have already answered that one. This is where we are:';
export const unclear = 'I’m not sure which answer you mean. Please choose one of these, or type “skip”.';
export const unclearText = 'I can’t read an answer there. Please type it in words, or type “skip”.';
export const backToWork = 'Here is your exercise:';
export const startingAgain = 'Good, let’s find your level again.';
export const reminderText = 'Do you have two minutes for some English? This is where we stopped:';
export const remindersOn =
  'I’ll remind you when you have been away for most of a day. Type “stop reminders” to end that.';
export const remindersOff = 'All right, no more reminders. Type “reminders on” if you change your mind.';
export const zoneHowTo = 'Tell me your time zone like this: “time zone Europe/Berlin”, or just “time zone Berlin”.';
export const apology = 'Sorry, something went wrong on my side. Please type “start” and we go on where we were.';
export const help =
  'Answer the exercises by typing or by tapping a button. You can also type:\n' +
  '• skip – show the answer and go on\n' +
  '• progress – how you are doing\n' +
  '• level – your level and what it means\n' +
  '• new test – find your level again\n' +
  '• stop reminders / reminders on\n' +
  '• time zone Europe/Berlin – so that I don’t wake you';

const meaning: Record<Level, string> = {
  A1: 'a beginner: you understand and use simple everyday sentences',
  A2: 'elementary: you talk about familiar things in simple words',
  B1: 'intermediate: you manage most situations on a journey and can tell a story',
  B2: 'upper intermediate: you follow complex texts and talk with native speakers without strain',
  C1: 'advanced: you express yourself fluently, precisely and with nuance',
};

export function placedAt(level: Level): string {
  return `Thank you! Your level is ${level}, ${meaning[level]}. Let’s practise.`;
}

export function levelChanged(before: Level, after: Level): string {
  return after > before
    ? `Great work: you move up from ${before} to ${after}!`
    : `Let’s make the basics firm first: we go on with ${after}.`;
}

export function levelAnswer(level: Level | undefined): string {
  if (level === undefined) return 'I don’t know your level yet; a few more answers and I’ll tell you.';
  return `Your level is ${level}, ${meaning[level]}.`;
}

export function zoneSet(zone: string, clock: string): string {
  return `Your time zone is now ${zone}; it’s ${clock} there.`;
}

export function zoneUnknown(name: string): string {
  return `I don’t know a time zone called “${name.slice(0, 60)}”. ${zoneHowTo}`;
}

export function wrongAnswer(item: Item): string {
  const solution = solutionOf(item);
  return `The answer: “${solution}”${/[.?!]$/.test(solution) ? '' : '.'}\n${item.note}`;
}

export function spelling(item: Item): string {
  return `Right, only mind the spelling: “${solutionOf(item)}”`;
}

export function progressText(student: Student): string {
  if (student.answers === 0) return 'You haven’t finished an exercise yet. Your first one is waiting!';
  const share = Math.round((100 * student.correct) / student.answers);
  const lines = [
    `${student.answers} ${student.answers === 1 ? 'answer' : 'answers'}, ${share} % right. Level: ${student.level ?? 'not known yet'}.`,
  ];
  const known = Object.entries(student.skills)
    .filter(([, { answers }]) => answers >= 2)
    .sort(([, a], [, b]) => b.correct / b.answers - a.correct / a.answers);
  const [best] = known;
  const worst = known.at(-1);
  if (best) lines.push(`Strongest: ${named(best[0])} (${best[1].correct} of ${best[1].answers}).`);
  if (worst && worst !== best)
    lines.push(`Needs practice: ${named(worst[0])} (${worst[1].correct} of ${worst[1].answers}).`);
  return lines.join('\n');
}

function solutionOf(item: Item): string {
  const answer = item.answers[0]!;
  return item.kind === 'rephrase' || (item.kind === 'gap' && answer.length < 4)
    ? (completed(item.prompt, answer)[0] ?? answer)
    : answer;
}

function named(skill: string): string {
  return skill.replaceAll('-', ' ');
}
