import { recordSpans } from '../../test/spans';
import { until } from '../../test/until';
import { currentTraceId, inSpan } from '../tracing';
import { messages, type QueueBench } from './contract-bench';

/** One trace from the publisher to the handler. */
export function traceContract(bench: QueueBench): void {
  bench.promise('the trace of the publisher is active around the handler', async () => {
    const recorder = recordSpans();
    try {
      let published: string | undefined;
      let handled: string | undefined;
      await inSpan('request', {}, async () => {
        published = currentTraceId();
        await bench.queue.publish(bench.topic, messages(1));
      });
      await bench.queue.consume(bench.topic, { concurrency: 1 }, async () => {
        handled = currentTraceId();
      });
      await until(() => handled, { what: 'the handler ran' });
      await bench.settled();
      expect(handled).toBe(published);
      const ours = recorder.spans().filter((span) => span.spanContext().traceId === published);
      expect(ours.map((span) => span.name).sort()).toEqual([
        `process ${bench.topic}`,
        `publish ${bench.topic}`,
        'request',
      ]);
      const process = ours.find((span) => span.name.startsWith('process'));
      expect(process?.attributes).toMatchObject({
        'messaging.destination.name': bench.topic,
        'messaging.message.id': 'm0',
      });
    } finally {
      await recorder.stop();
    }
  });

  bench.promise('a message that carries a trace of its own continues that one', async () => {
    const recorder = recordSpans();
    try {
      const traceId = '0af7651916cd43dd8448eb211c80319c';
      const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
      await bench.queue.publish(bench.topic, [{ id: 'kept', body: null, headers }]);
      let handled: string | undefined;
      await bench.queue.consume(bench.topic, { concurrency: 1 }, async () => {
        handled = currentTraceId();
      });
      await until(() => handled, { what: 'the handler ran' });
      expect(handled).toBe(traceId);
    } finally {
      await recorder.stop();
    }
  });
}
