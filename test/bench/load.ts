import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What came of a stretch of requests. */
export interface Load {
  readonly requests: number;
  readonly failed: number;
  /** The first failures, as sentences. */
  readonly failures: readonly string[];
  /** Requests by what was answered. */
  readonly answers: ReadonlyMap<string, number>;
}

const LIMIT_MS = 20_000;
const MOST_BYTES = 64 * 1024;

/**
 * Keeps `inFlight` requests under way on kept connections, as fast as they are answered, until it is stopped. It writes
 * and reads the bytes itself, as load generators do: on two cores, a whole HTTP client beside what is measured would
 * take a tenth of them. Answers need a `content-length`; whatever else comes is a failure.
 */
export function startLoad(url: string, inFlight: number): { count(): number; stop(): Promise<Load> } {
  const { hostname, port, host, pathname } = new URL(url);
  const asked = `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
  const answers = new Map<string, number>();
  const failures: string[] = [];
  let [requests, failed, stopped] = [0, 0, false];

  const one = async (): Promise<void> => {
    let socket: Socket | undefined;
    while (!stopped) {
      requests += 1;
      try {
        socket ??= connect({ host: hostname, port: Number(port || 80), noDelay: true });
        const { body, kept } = await answer(socket, asked);
        answers.set(body, (answers.get(body) ?? 0) + 1);
        if (kept) continue;
      } catch (error) {
        failed += 1;
        if (failures.length < 10) failures.push((error as Error).message);
        socket?.destroy(); // before the pause, in which nobody listens to its errors
        await pause(10); // who refuses at once is not asked as fast as it can refuse
      }
      socket?.destroy();
      socket = undefined;
    }
    socket?.destroy();
  };
  const running = Array.from({ length: inFlight }, one);
  return {
    count: () => requests,
    async stop() {
      stopped = true;
      await Promise.all(running);
      return { requests, failed, failures, answers };
    },
  };
}

/** Sends a request and reads its whole answer. @throws when the answer is not a 200, or does not come whole in time */
function answer(socket: Socket, asked: string): Promise<{ body: string; kept: boolean }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) {
        if (text.length > MOST_BYTES) fail('no end of the headers');
        return;
      }
      const head = text.slice(0, end).toLowerCase();
      const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? Number.NaN);
      const body = text.slice(end + 4);
      if (body.length < length) return;
      const status = head.slice(9, 12);
      if (status !== '200' || body.length !== length) {
        fail(`${status} ${body.slice(0, 100)}`);
        return;
      }
      settle();
      resolve({ body, kept: !/\r\nconnection: *close/.test(head) });
    };
    const fail = (why: string): void => {
      settle();
      reject(new Error(why));
    };
    const onError = (error: Error): void => fail(error.message);
    const onClose = (): void => fail('the connection ended without an answer');
    const limit = setTimeout(() => fail(`no answer within ${LIMIT_MS / 1_000} s`), LIMIT_MS);
    const settle = (): void => {
      clearTimeout(limit);
      socket.off('data', onData).off('error', onError).off('close', onClose);
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(asked);
  });
}
