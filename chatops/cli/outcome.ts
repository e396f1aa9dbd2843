import type { Operation } from '../../platform/fleet/fleet';
import { headSentence } from '../slack/operation-message';
import { duration } from '../time';
import type { FinalReply } from './protocol';

/** What `--json` prints for an operation, and nothing else: names and meaning never change. */
interface OperationResult {
  readonly operation: number;
  readonly service: string;
  readonly environment: string;
  readonly from: number | null;
  readonly to: number;
  readonly state: Operation['state'];
  readonly duration_ms: number;
  /** Healthy instances of the service when it was told. */
  readonly instances: number;
  readonly message: string;
}

/** How an operation stands, for the terminal: 0 done, 1 failed or undone, 8 not ended yet. */
export function outcome(operation: Operation, instances: number, now: Date): FinalReply {
  const { id, service, environment, from, to, state, reason, logTail } = operation;
  const tookMs = (operation.finishedAt ?? now).getTime() - operation.requestedAt.getTime();
  const bad = state === 'undone' || state === 'failed';
  const why = bad && reason !== undefined ? ` Why: ${reason.replace(/\.?$/, '.')}` : '';
  const text = `${headSentence(operation).replace(/\.?$/, '.')}${why}`;
  const result: OperationResult = {
    operation: id,
    service,
    environment,
    from: from ?? null,
    to,
    state,
    duration_ms: Math.round(tookMs),
    instances,
    message: text,
  };
  return {
    exit: state === 'done' ? 0 : bad ? 1 : 8,
    text,
    lines: bad ? logTail.map((line) => `  ${line}`) : state === 'done' ? [`It took ${duration(tookMs)}.`] : [],
    result,
  };
}

/** One line about an operation on its way. */
export function progressLine(operation: Operation): string {
  const { phase, state } = operation;
  const sentence = headSentence(operation).replace(/\.$/, '');
  return phase === '' || state === 'planned' ? sentence : `${sentence}, ${phase}`;
}
