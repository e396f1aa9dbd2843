import type { Logger } from '../../platform/log';
import { type Reply, reply } from '../../platform/messages';
import { inBatches } from '../../platform/queue/batch';
import type { MessageHandler } from '../../platform/queue/queue';
import { outsideTrace, traceHeaders } from '../../platform/tracing';
import type { Pump } from './pump';

interface Taken {
  readonly reply: Reply;
  readonly headers: Record<string, string>;
  /** Set when it is stored: whether it was new. */
  added: boolean;
}

const BATCH = 100;

/**
 * Queue `gateway.replies` → table: acknowledged when it is stored, sent when its turn has come. Replies that arrive
 * while others are being stored are stored together.
 */
export function takeReply(pump: Pick<Pump, 'take'>, log: Logger): MessageHandler {
  const store = inBatches<Taken>(BATCH, async (batch) => {
    const added = await outsideTrace(() => pump.take(batch));
    for (const one of batch) one.added = added.has(one.reply.id);
  });
  return async ({ body }) => {
    const taken: Taken = { reply: reply.parse(body), headers: traceHeaders(), added: false };
    await store(taken);
    if (!taken.added) log.info({ event: 'message.duplicated', reply: taken.reply.id }, 'A reply was stored before');
  };
}
