import type { Logger } from '../../platform/log';
import { reply } from '../../platform/messages';
import type { MessageHandler } from '../../platform/queue/queue';
import { traceHeaders } from '../../platform/tracing';
import type { Pump } from './pump';
import type { SendStore } from './store';

/** Queue `gateway.replies` → table: acknowledged when it is stored, sent when its turn has come. */
export function takeReply(store: Pick<SendStore, 'add'>, pump: Pick<Pump, 'poke'>, log: Logger): MessageHandler {
  return async ({ body }) => {
    const wanted = reply.parse(body);
    if (await store.add(wanted, traceHeaders())) pump.poke();
    else log.info({ event: 'message.duplicated', reply: wanted.id }, 'A reply was stored before');
  };
}
