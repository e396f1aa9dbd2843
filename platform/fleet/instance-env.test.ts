import type { ReleaseSnapshot } from './fleet';
import { instanceCommand, instanceEnv, listens } from './instance-env';

const snapshot: ReleaseSnapshot = {
  kind: 'worker',
  run: 'node bot.js',
  healthPath: undefined,
  config: {
    common: { GREETING: 'hello', PAGE: '${EDWIN_URL}/x/${EDWIN_ENVIRONMENT}', EDWIN_RELEASE: '99' },
    environments: { stage: { GREETING: 'hi' } },
  },
  secrets: {},
  needs: ['database', 'mailer'],
  memoryMb: 64,
  cpus: 0.1,
  rollout: { healthSeconds: 5, drainSeconds: 5, stopGraceSeconds: 5, holdSeconds: 5, retry: 'idempotent' },
};
const about = {
  environment: 'stage',
  service: 'bot',
  release: 7,
  instance: 'bot-stage-1-1',
  host: 'local',
  edwinUrl: 'http://127.0.0.1:4400',
  connections: { DATABASE_URL: 'postgres://x' },
  services: { 'mail-er': 'http://edge/stage/mail-er' },
  secrets: { TOKEN: 'xyz' },
  outer: { EDWIN_ENVIRONMENT: 'edwin', UNUSED: 'not passed on' },
};

test('an instance is told who it is, what it needs, and its settings with those of its environment on top', () => {
  expect(instanceEnv(snapshot, about)).toEqual({
    GREETING: 'hi',
    PAGE: 'http://127.0.0.1:4400/x/stage',
    MAIL_ER_URL: 'http://edge/stage/mail-er',
    DATABASE_URL: 'postgres://x',
    TOKEN: 'xyz',
    OTEL_SERVICE_NAME: 'bot',
    OTEL_RESOURCE_ATTRIBUTES:
      'service.version=7,deployment.environment.name=stage,service.instance.id=bot-stage-1-1,host.name=local',
    EDWIN_ENVIRONMENT: 'stage',
    EDWIN_SERVICE: 'bot',
    EDWIN_RELEASE: '7',
    EDWIN_INSTANCE: 'bot-stage-1-1',
  });
});

test('a worker without a health path listens nowhere; with one, or as http service, it gets a port', () => {
  expect(listens(snapshot)).toBe(false);
  expect(listens({ ...snapshot, healthPath: '/healthz' })).toBe(true);
  expect(listens({ ...snapshot, kind: 'http' })).toBe(true);
});

test('without a command line the image runs its own command', () => {
  expect(instanceCommand(snapshot)).toEqual(['node', 'bot.js']);
  expect(instanceCommand({ ...snapshot, run: undefined })).toBeUndefined();
});
