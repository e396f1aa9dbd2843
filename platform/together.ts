import { setImmediate as turn } from 'node:timers/promises';

/**
 * Callers of the same turn of the event loop share one answer. It is asked for after all of them have called, so that
 * none gets an answer that is older than its question.
 */
export function together<T>(ask: (question: string) => Promise<T>): (question: string) => Promise<T> {
  const waiting = new Map<string, Promise<T>>();
  return (question) => {
    const shared = waiting.get(question);
    if (shared) return shared;
    const answer = turn().then(() => {
      waiting.delete(question);
      return ask(question);
    });
    waiting.set(question, answer);
    return answer;
  };
}
