import Ajv from 'ajv';
import { commands } from '../commands/list';
import { manifest, reservedNames } from './manifest';

/** The parts of Slack's manifest schema that we use, with its limits; `additionalProperties` refuses anything else. */
const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength });
const url = { type: 'string', pattern: '^https?://', maxLength: 3000 };
const list = (items: object, maxItems: number) => ({ type: 'array', items, maxItems, uniqueItems: true });
const object = (properties: Record<string, object>, required: string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const boolean = { type: 'boolean' };
const schema = object(
  {
    _metadata: object({ major_version: { const: 2 }, minor_version: { type: 'integer' } }),
    display_information: object(
      {
        name: text(35),
        description: text(140),
        background_color: { type: 'string', pattern: '^#([0-9a-f]{6}|[0-9a-f]{3})$' },
      },
      ['name'],
    ),
    features: object({
      app_home: object({
        home_tab_enabled: boolean,
        messages_tab_enabled: boolean,
        messages_tab_read_only_enabled: boolean,
      }),
      bot_user: object({ display_name: { ...text(80), pattern: '^[A-Za-z0-9 ._-]+$' }, always_online: boolean }, [
        'display_name',
      ]),
      slash_commands: list(
        object(
          {
            command: { type: 'string', pattern: '^/[a-z0-9_-]+$', minLength: 2, maxLength: 32 },
            description: text(2000),
            usage_hint: text(1000),
            should_escape: boolean,
            url,
          },
          ['command', 'description'],
        ),
        50,
      ),
    }),
    oauth_config: object({ scopes: object({ bot: list({ type: 'string', pattern: '^[a-z_.]+(:[a-z_.]+)*$' }, 255) }) }),
    settings: object({
      event_subscriptions: object({ bot_events: list({ type: 'string' }, 100), request_url: url }),
      interactivity: object({ is_enabled: boolean, request_url: url }, ['is_enabled']),
      org_deploy_enabled: boolean,
      socket_mode_enabled: boolean,
      token_rotation_enabled: boolean,
    }),
  },
  ['display_information'],
);
const validate = new Ajv({ allErrors: true }).compile(schema);

test.each([
  ['Socket Mode', { commands, prefix: '' }],
  ['Socket Mode with a prefix', { commands, prefix: 'acme-' }],
  ['signed HTTP', { commands, prefix: '', url: 'https://edwin.example.com/' }],
])('the manifest for %s is one that Slack takes', (_name, options) => {
  validate(manifest(options));
  expect(validate.errors).toBeNull();
});

test('no command has a name that Slack keeps for itself, and /edwin is always there', () => {
  const names = manifest({ commands, prefix: '' }).features.slash_commands.map(({ command }) => command);
  expect(names).toEqual(['/edwin', '/deploy', '/rollback', '/history', '/releases', '/build', '/logs']);
  expect(names.filter((name) => reservedNames.includes(name.slice(1)))).toEqual([]);
});

test('in signed HTTP every way in has its address, in Socket Mode none has', () => {
  const http = manifest({ commands, prefix: '', url: 'https://edwin.example.com' });
  expect(http.settings).toMatchObject({
    socket_mode_enabled: false,
    interactivity: { request_url: 'https://edwin.example.com/slack/events' },
  });
  expect(http.features.slash_commands[0]).toMatchObject({ url: 'https://edwin.example.com/slack/events' });
  expect(JSON.stringify(manifest({ commands, prefix: '' }))).not.toContain('slack/events');
});
