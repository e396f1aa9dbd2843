import { Neo4jError } from 'neo4j-driver';
import { EdwinError } from '../errors';

/**
 * Ends a wait that the driver does not: a server that is frozen keeps its connections open, and a query on one of
 * them has no limit of its own.
 * @throws `graph.unreachable` when the time is over, after `hung` was called
 */
export async function withinLimit<T>(
  work: Promise<T>,
  { limitMs, where, hung }: { readonly limitMs: number; readonly where: string; readonly hung?: () => void },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      hung?.();
      reject(new EdwinError('graph.unreachable', `Neo4j at ${where} does not answer within ${limitMs / 1000} s.`));
    }, limitMs);
  });
  work.catch(() => undefined); // when the time is over first, nobody waits for its failure
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sorts errors of the driver under the port's codes; others pass as they are. */
export function asGraphError(error: unknown, where: string): unknown {
  if (!(error instanceof Neo4jError)) return error;
  if (/^Neo\.ClientError\.Security\./.test(error.code))
    return new EdwinError('graph.refused', `Neo4j at ${where} refused: ${error.message}`, { cause: error });
  const away = /^(ServiceUnavailable|SessionExpired|Neo\.TransientError\.)/.test(error.code) || error.retriable;
  if (away || /acquisition timed out|Pool is closed|driver.*closed/i.test(error.message))
    return new EdwinError('graph.unreachable', `Neo4j at ${where} does not answer: ${error.message}`, { cause: error });
  return error;
}
