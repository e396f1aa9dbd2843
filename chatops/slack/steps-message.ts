import type { Operation } from '../../platform/fleet/fleet';
import { duration } from '../time';
import { context, type Message, preformatted, say } from './message';

/** The details of an operation, for its thread: each step with what it did and how long it took. */
export function stepsMessage(operation: Operation): Message {
  const { id, kind, steps, requestedBy } = operation;
  const width = Math.max(0, ...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, detail, startedAt, finishedAt }) => {
    const took = finishedAt ? duration(finishedAt.getTime() - startedAt.getTime()) : 'running';
    return `${name.padEnd(width)}  ${took.padStart(7)}  ${detail}`.trimEnd();
  });
  const count = steps.length === 1 ? '1 step' : `${steps.length} steps`;
  const title = kind === 'rollback' ? 'Rollback' : 'Deployment';
  return say(`${title} ${id}, ${count}.`, [preformatted(lines), context(`Asked by ${requestedBy}.`)]);
}

/** Tells whoever asked, and everyone in the channel, that it went wrong. `mention` is a Slack user id. */
export function alarmText(sentence: string, mention: string | undefined, reason: string | undefined): string {
  const call = mention === undefined ? '' : `<@${mention}> `;
  const why = reason === undefined ? '' : ` Why: ${reason.replace(/\.?$/, '.')}`;
  return `${call}${sentence}${why}`;
}
