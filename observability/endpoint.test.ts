import { telemetrySettings } from './endpoint';

const names = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_SDK_DISABLED', 'OTEL_NODE_DISABLED_INSTRUMENTATIONS', 'PORT'];
const before = { ...process.env };
const set = (values: Record<string, string>): void => {
  for (const name of names) delete process.env[name];
  Object.assign(process.env, values);
};
afterAll(() => set(Object.fromEntries(names.flatMap((name) => (before[name] ? [[name, before[name]]] : [])))));

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

it.each<[string, Record<string, string>, string[] | undefined]>([
  ['no endpoint', {}, undefined],
  ['an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
  ['switched off', { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }, undefined],
  ['other settings that are wrong, which the program tells of', { ...endpoint, PORT: 'x' }, undefined],
  ['an endpoint', endpoint, []],
  ['parts switched off', { ...endpoint, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http, undici' }, ['http', 'undici']],
])('telemetry with %s', (_, values, disabled) => {
  set(values);
  const settings = telemetrySettings();
  expect(settings && [...settings.disabled].filter((name) => name !== '')).toEqual(disabled);
});
