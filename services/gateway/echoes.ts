import { setTimeout as pause } from 'node:timers/promises';
import { inBatches } from '../../platform/queue/batch';
import { outsideTrace } from '../../platform/tracing';
import type { Echo } from './parse';
import type { SendStore } from './store';

/** By then the answer that goes with an echo is mostly stored, and the echo says nothing new. */
const GATHER_MS = 100;
const BATCH = 100;

/** Settles what echoes prove, many calls together. `settled` is told of replies that were in doubt. */
export function settleEchoes(
  store: Pick<SendStore, 'settleByEcho'>,
  settled: (replies: readonly string[]) => void,
): (echoes: readonly Echo[]) => Promise<void> {
  return inBatches<readonly Echo[]>(BATCH, async (batch) => {
    await pause(GATHER_MS);
    const replies = await outsideTrace(() => store.settleByEcho(batch.flat()));
    if (replies.length > 0) settled(replies);
  });
}
