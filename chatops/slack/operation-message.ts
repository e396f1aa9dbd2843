import type { Operation, OperationState, Release } from '../../platform/fleet/fleet';
import { traceUrl } from '../links';
import { duration } from '../time';
import { type ButtonSpec, buttons, cut, type Fact, facts, type Message, paragraph, preformatted, say } from './message';

/** Everything a message about an operation tells. Pure: the same view gives the same message. */
export interface OperationView {
  readonly operation: Operation;
  readonly from?: Release;
  readonly to?: Release;
  readonly publicUrl: string;
  readonly now: Date;
  /** How long such operations took lately. */
  readonly usualMs?: number;
  /** A later operation has begun, so that this one's buttons would act on the past. */
  readonly superseded?: boolean;
}

/** `action_id`s of the buttons; their value is the operation's number and nothing else. */
export const LOG_ACTION = 'operation:log';
export const ROLLBACK_ACTION = 'operation:rollback';

export function operationMessage(view: OperationView): Message {
  const { operation } = view;
  const { state } = operation;
  const moving = state === 'planned' || state === 'running' || state === 'undoing';
  const bad = state === 'undone' || state === 'failed';
  return say(
    headSentence(operation),
    [
      facts(bad ? whyFacts(view) : moving ? movingFacts(view) : doneFacts(view)),
      ...(moving ? [paragraph(progressLine(operation))] : []),
      ...(bad && operation.logTail.length > 0
        ? [preformatted(operation.logTail.slice(-12).map((line) => cut(line, 240)))]
        : []),
      ...buttons(actions(view)),
    ],
    moving ? 'busy' : bad ? 'bad' : 'good',
  );
}

/** One sentence that is true on its own, at the end of an operation as well as in its course. */
export function headSentence(operation: Operation): string {
  const { kind, service, environment: env, from, to, state, progress } = operation;
  const back = kind === 'rollback';
  const keeps = from === undefined ? 'Nothing serves there, as before.' : `Release ${from} serves again.`;
  switch (state) {
    case 'planned':
      return back
        ? `${service} is about to go back to ${to} in ${env}`
        : `${service} ${to} is about to start in ${env}`;
    case 'running':
      if (progress.total === 0) return `${service} ${to} is being prepared in ${env}`;
      return `${service} ${to} is on ${progress.done} of ${progress.total} ${progress.total === 1 ? 'instance' : 'instances'} in ${env}`;
    case 'undoing':
      return `${service} ${to} is being undone in ${env}. ${from === undefined ? 'Nothing served there before.' : `Release ${from} stays.`}`;
    case 'done':
      return back ? `${service} is back on ${to} in ${env}.` : `${service} ${to} serves in ${env}.`;
    case 'undone':
      return `${service} ${to} was undone in ${env}. ${keeps}`;
    case 'failed':
      return `${service} ${to} failed in ${env} and could not be undone. Someone has to look.`;
  }
}

function movingFacts(view: OperationView): Fact[] {
  const left = remaining(view);
  return [
    ...fromTo(view),
    changed(view),
    { label: 'Left', value: left === undefined ? 'not known yet' : `about ${duration(left)}` },
  ];
}

function doneFacts(view: OperationView): Fact[] {
  return [...fromTo(view), changed(view), { label: 'Took', value: took(view) }];
}

function whyFacts(view: OperationView): Fact[] {
  const { operation } = view;
  return [
    { label: 'Why', value: operation.reason ?? 'no reason is known', outside: true },
    { label: 'Asked by', value: operation.requestedBy, outside: true },
    { label: 'Took', value: took(view) },
    changed(view),
  ];
}

function fromTo({ operation, from, to }: OperationView): Fact[] {
  const named = (number: number | undefined, release: Release | undefined): string =>
    number === undefined ? 'nothing' : `release ${number}${release ? ` ${release.commit.slice(0, 7)}` : ''}`;
  return [
    { label: 'From', value: named(operation.from, from) },
    { label: 'To', value: named(operation.to, to) },
  ];
}

/** The newest change and how many releases lie between, which is what the fleet knows. */
function changed({ operation, to }: OperationView): Fact {
  const { from, to: number } = operation;
  const between = from === undefined ? 0 : Math.abs(number - from) - 1;
  const more = between > 0 ? ` and ${between} ${between === 1 ? 'release' : 'releases'} between` : '';
  return { label: 'Change', value: to ? `“${to.subject}” by ${to.author}${more}` : 'not known', outside: true };
}

function took({ operation, now }: OperationView): string {
  return duration((operation.finishedAt ?? now).getTime() - operation.requestedAt.getTime());
}

function remaining({ operation, now, usualMs }: OperationView): number | undefined {
  if (usualMs === undefined || operation.state === 'undoing') return undefined;
  return Math.max(1_000, usualMs - (now.getTime() - operation.requestedAt.getTime()));
}

/** `🟩🟩🟩🟩🟦⬜ 4 of 6, starting on host-2`. */
function progressLine({ progress, phase, state }: Operation): string {
  const words = phase === '' ? waiting[state] : phase;
  if (progress.total === 0) return words ?? '';
  return `${squares(progress, state === 'running')} ${progress.done} of ${progress.total}, ${words}`;
}

const waiting: Partial<Record<OperationState, string>> = {
  planned: 'waiting to begin',
  running: 'working',
  undoing: 'going back',
};

/** One square for each instance, ten at most; the one being worked on is blue. */
export function squares({ done, total }: { done: number; total: number }, working: boolean): string {
  const count = Math.min(total, 10);
  const full = total <= 10 ? Math.min(done, count) : Math.floor((done / total) * count);
  const blue = working && full < count ? 1 : 0;
  return '🟩'.repeat(full) + '🟦'.repeat(blue) + '⬜'.repeat(count - full - blue);
}

function actions({ operation, publicUrl, superseded }: OperationView): ButtonSpec[] {
  const { id, state, service, environment, from, to, traceId, kind } = operation;
  const log: ButtonSpec = { text: 'Show log', action: LOG_ACTION, value: String(id) };
  const trace: ButtonSpec[] =
    traceId === undefined ? [] : [{ text: 'Open trace', action: 'link:trace', url: traceUrl(publicUrl, traceId) }];
  const back: ButtonSpec[] =
    state !== 'done' || kind === 'rollback' || from === undefined || superseded
      ? []
      : [
          {
            text: `Roll back to ${from}`,
            action: ROLLBACK_ACTION,
            value: String(id),
            danger: {
              title: `Roll ${service} back?`,
              text: `${service} in ${environment} goes from release ${to} back to release ${from}, with its own configuration.`,
              yes: `Roll back to ${from}`,
              no: `Keep ${to}`,
            },
          },
        ];
  return [log, ...trace, ...back];
}
