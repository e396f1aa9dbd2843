import { Agent, get } from 'node:http';

/** What came of a stretch of requests. */
export interface Load {
  readonly requests: number;
  readonly failed: number;
  /** The first failures, as sentences. */
  readonly failures: readonly string[];
  /** Requests by what was answered. */
  readonly answers: ReadonlyMap<string, number>;
}

/** Keeps `inFlight` requests under way on kept connections, as fast as they are answered, until it is stopped. */
export function startLoad(url: string, inFlight: number): { count(): number; stop(): Promise<Load> } {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const answers = new Map<string, number>();
  const failures: string[] = [];
  let [requests, failed, stopped] = [0, 0, false];

  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      const fail = (why: string): void => {
        failed += 1;
        if (failures.length < 10) failures.push(why);
        resolve();
      };
      const request = get(url, { agent, timeout: 20_000 }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
        response.on('error', (error) => fail(error.message));
        response.on('end', () => {
          if (response.statusCode !== 200) return fail(`${response.statusCode} ${body.slice(0, 100)}`);
          answers.set(body, (answers.get(body) ?? 0) + 1);
          resolve();
        });
      });
      request.on('timeout', () => request.destroy(new Error('no answer within 20 s')));
      request.on('error', (error) => fail(error.message));
    });
  const one = async (): Promise<void> => {
    while (!stopped) {
      requests += 1;
      await ask();
    }
  };
  const running = Array.from({ length: inFlight }, one);
  return {
    count: () => requests,
    async stop() {
      stopped = true;
      await Promise.all(running);
      agent.destroy();
      return { requests, failed, failures, answers };
    },
  };
}
