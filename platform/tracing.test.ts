import { recordSpans } from '../test/spans';
import { currentTraceId, inSpan, traceHeaders, withoutTrace } from './tracing';

test('work without trace makes no spans and passes no trace on, inside a trace too', async () => {
  const recorder = recordSpans();
  try {
    let headers: Record<string, string> = { not: 'asked' };
    await inSpan('outside', {}, async () => {
      expect(currentTraceId()).toBeDefined();
      await withoutTrace(() =>
        inSpan('secret', {}, async () => {
          headers = traceHeaders();
        }),
      );
    });
    expect(headers).toEqual({});
    expect(recorder.spans().map(({ name }) => name)).toEqual(['outside']);
  } finally {
    await recorder.stop();
  }
});
