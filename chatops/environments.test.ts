import { connectionsOf, readEnvironments } from './environments';

const access = {
  database: 'postgres://d',
  queue: 'amqp://q',
  graph: 'bolt://g',
  registry: 'consul://r',
  otlp: 'token',
};

describe('what connects an instance', () => {
  test('is only what its release needs, and where telemetry goes', () => {
    expect(connectionsOf(access, { needs: ['queue', 'mailer'] }, 'http://127.0.0.1:4318')).toEqual({
      QUEUE_URL: 'amqp://q',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer token',
    });
  });

  test('holds no telemetry address when there is none', () => {
    expect(connectionsOf(access, { needs: ['database', 'graph'] }, undefined)).toEqual({
      DATABASE_URL: 'postgres://d',
      GRAPH_URL: 'bolt://g',
    });
  });

  test('is read from what `up` writes; a refusal shows no password', () => {
    expect(readEnvironments(JSON.stringify({ dev: access })).get('dev')).toEqual(access);
    for (const wrong of ['{"dev": {"database": "postgres://u:hidden@h/d"}}', 'no json hidden']) {
      expect(() => readEnvironments(wrong)).toThrow('EDWIN_ENVIRONMENTS is not what `edwin up` writes.');
    }
  });
});
