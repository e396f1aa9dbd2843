import type { Reply } from './command';
import { say } from './slack/message';

/** What the second of two equal wishes is told: the answer to the first, and that nothing was begun twice. */
export function repeatedReply(reply: Reply): Reply {
  if (reply.operation === undefined) return reply;
  const sentence = `You asked for this a moment ago; it is the same operation, number ${reply.operation}.`;
  return { ...reply, message: say(sentence), lines: [], audience: 'asker', repeated: true };
}
