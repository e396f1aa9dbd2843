import type { StudentMessage } from '../../../platform/messages';

const commandNames = [
  'start',
  'help',
  'skip',
  'progress',
  'level',
  'new test',
  'reminders on',
  'reminders off',
  'time zone',
] as const;
export type CommandName = (typeof commandNames)[number];

/** What a student wants with a message. */
export type Intent =
  | { readonly kind: 'command'; readonly name: CommandName; readonly argument: string }
  | { readonly kind: 'tap'; readonly exercise: number; readonly option: number }
  | { readonly kind: 'attachment' }
  | { readonly kind: 'text'; readonly text: string };

const words: Record<string, CommandName> = {
  start: 'start',
  'get started': 'start',
  hi: 'start',
  hello: 'start',
  hey: 'start',
  menu: 'help',
  help: 'help',
  commands: 'help',
  skip: 'skip',
  next: 'skip',
  pass: 'skip',
  'i dont know': 'skip',
  progress: 'progress',
  stats: 'progress',
  level: 'level',
  'my level': 'level',
  'new test': 'new test',
  'placement test': 'new test',
  stop: 'reminders off',
  'stop reminders': 'reminders off',
  'reminders off': 'reminders off',
  unsubscribe: 'reminders off',
  reminders: 'reminders on',
  'start reminders': 'reminders on',
  'reminders on': 'reminders on',
  'time zone': 'time zone',
  timezone: 'time zone',
};
const timeZone = /^\/?time ?zone[\s:=]+(.+)$/i;
const tap = /^answer:(\d{1,9}):(\d)$/;

/** Every text that is a command, so that no exercise has one of them as its answer. */
export const commandWords: readonly string[] = Object.keys(words);

export function tapPayload(exercise: number, option: number): string {
  return `answer:${exercise}:${option}`;
}

export function commandPayload(name: CommandName): string {
  return `command:${name}`;
}

export function intentOf(message: Pick<StudentMessage, 'kind' | 'text' | 'payload'>): Intent {
  const payload = message.payload ?? '';
  const tapped = tap.exec(payload);
  if (tapped) return { kind: 'tap', exercise: Number(tapped[1]), option: Number(tapped[2]) };
  const named = commandNames.find((name) => payload === commandPayload(name));
  if (named) return { kind: 'command', name: named, argument: '' };
  if (payload === 'GET_STARTED') return { kind: 'command', name: 'start', argument: '' };
  if (message.kind === 'attachment') return { kind: 'attachment' };
  const zone = timeZone.exec(message.text.trim());
  if (zone) return { kind: 'command', name: 'time zone', argument: zone[1]!.trim() };
  const name = words[plain(message.text)];
  return name === undefined ? { kind: 'text', text: message.text } : { kind: 'command', name, argument: '' };
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z\s]/g, ' ')
    .trim()
    .replace(/\s+/g, ' ');
}
