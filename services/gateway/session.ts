import { listen } from '../../platform/database/listen';
import type { Logger } from '../../platform/log';

/** A database session that stands for this process: while it lives, the claims made in its name are good. */
export interface Session {
  /** Undefined while the session is lost. */
  current(): string | undefined;
  close(): Promise<void>;
}

/** `adopt` passes the claims of a lost session to its successor, when the process has outlived it. */
export async function openSession(
  url: string,
  log: Logger,
  adopt: (before: string, after: string) => Promise<void>,
): Promise<Session> {
  const onReconnect = (): void => {
    const [before, after] = [last, listener.session()];
    if (after === undefined) return;
    last = after;
    if (before !== undefined)
      adopt(before, after).catch((error: unknown) => log.warn({ error }, 'Claims could not be adopted'));
  };
  const listener = await listen(url, [], () => undefined, { onReconnect });
  let last = listener.session();
  return { current: () => listener.session(), close: () => listener.stop() };
}
