import { request } from 'node:http';
import { connect } from 'node:net';
import { until } from '../../test/until';
import { type EdgeBench, held } from './contract-bench';

const MEGABYTE = 1024 * 1024;
/** More than the buffers of all sockets on the way can hold. */
const ANSWER_BYTES = 256 * MEGABYTE;
const HELD_BYTES = 64 * MEGABYTE;

/** How much is on its way, and in which order. */
export function flowContract(bench: EdgeBench): void {
  bench.promise(
    'requests that a client sends ahead on one connection are answered in their order',
    async () => {
      const answers: (() => void)[] = [];
      const server = await bench.serve('slow', (incoming, response) => {
        const answer = (): void => void response.end(`[${incoming.url!.slice(1)}]`);
        // The first takes longest: it is answered when a later one came, or when nothing else can come.
        answers.push(answer);
        if (incoming.url === '/1') setTimeout(answer, 100);
        else answer();
      });
      await bench.edge.add(bench.pool, server, held);
      const { hostname, port, pathname } = new URL(bench.edge.url(bench.pool));
      const socket = connect(Number(port), hostname);
      let heard = '';
      socket.on('data', (piece) => (heard += piece));
      const lines = (path: string) => `GET ${pathname}/${path} HTTP/1.1\r\nhost: edge\r\n\r\n`;
      socket.write(['1', '2', '3'].map(lines).join(''));
      await until(() => heard.includes('[3]'), { what: 'the last answer' });
      socket.destroy();
      expect([...heard.matchAll(/\[\d\]/g)].join('')).toBe('[1][2][3]');
    },
    'order',
  );

  bench.promise(
    'a client that reads slowly slows the server down, instead of filling the edge',
    async () => {
      let sent = 0;
      const piece = Buffer.alloc(MEGABYTE, 'x');
      const server = await bench.serve('generous', (_, response) => {
        const more = (): void => {
          while (sent < ANSWER_BYTES) {
            sent += piece.length;
            if (!response.write(piece)) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      });
      await bench.edge.add(bench.pool, server, held);
      const asked = request(bench.edge.url(bench.pool));
      asked.end();
      const answer = await new Promise<import('node:http').IncomingMessage>((resolve) =>
        asked.once('response', resolve),
      );
      await standsStill(() => sent);
      expect(sent).toBeLessThan(HELD_BYTES);
      let received = 0;
      for await (const chunk of answer) received += (chunk as Buffer).length;
      expect(received).toBe(ANSWER_BYTES);
    },
    'back-pressure',
  );
}

/** Waits until the value was the same for 20 looks. */
async function standsStill(value: () => number): Promise<void> {
  let [last, same] = [-1, 0];
  await until(
    () => {
      same = value() === last ? same + 1 : 0;
      last = value();
      return same >= 20 && last > 0;
    },
    { what: 'nothing more is sent', withinMs: 20_000 },
  );
}
