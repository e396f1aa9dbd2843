import { isTimestamp } from '../clock';
import { SlackFailure } from '../failure';
import { isTrue, type Json } from '../json';
import { presentChannel, presentMessage } from '../present';
import { limitOf, type Methods, needChannel, paged, readCursor, toCursor } from './method';

const tier3 = { tier: 'tier3', token: 'bot' } as const;

export const conversations: Methods = {
  'conversations.list': {
    tier: 'tier2',
    token: 'bot',
    run: (core, args) => {
      const types = String(args['types'] ?? 'public_channel').split(',');
      const wanted = core.directory.channels.filter((channel) =>
        types.includes(channel.kind === 'im' ? 'im' : 'public_channel'),
      );
      const { items, response_metadata } = paged(wanted, args, 100);
      return {
        channels: items.map((channel) => presentChannel(channel, core.directory.members(channel).length)),
        response_metadata,
      };
    },
  },
  'conversations.info': {
    ...tier3,
    run: (core, args) => {
      const channel = needChannel(core, args);
      return { channel: presentChannel(channel, core.directory.members(channel).length) };
    },
  },
  'conversations.members': {
    tier: 'tier4',
    token: 'bot',
    run: (core, args) => {
      const { items, response_metadata } = paged(core.directory.members(needChannel(core, args)), args, 100);
      return { members: items, response_metadata };
    },
  },
  'conversations.join': {
    ...tier3,
    run: (core, args) => {
      const channel = needChannel(core, args);
      if (channel.kind === 'im') throw new SlackFailure('method_not_supported_for_channel_type');
      return {
        channel: presentChannel(channel, core.directory.members(channel).length),
        warning: 'already_in_channel',
        response_metadata: { warnings: ['already_in_channel'] },
      };
    },
  },
  'conversations.open': {
    ...tier3,
    run: (core, args) => {
      const users = String(args['users'] ?? '').split(',');
      if (args['channel'] === undefined && users[0] === '') throw new SlackFailure('users_list_not_supplied');
      if (users.length > 1) throw new SlackFailure('method_not_supported_for_channel_type');
      const channel = core.directory.channel(args['channel'] ?? users[0]);
      if (channel === undefined)
        throw new SlackFailure(args['channel'] === undefined ? 'user_not_found' : 'channel_not_found');
      return {
        channel: isTrue(args['return_im']) ? presentChannel(channel, 2) : { id: channel.id },
        no_op: true,
        already_open: true,
      };
    },
  },
  'conversations.history': {
    ...tier3,
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const limit = limitOf(args, 100);
      const found = await core.messages.page(channel.id, { ...bounds(args), limit: limit + 1 });
      const messages = found.slice(0, limit);
      return {
        messages: messages.map(presentMessage),
        ...more(found.length > limit ? messages.at(-1)?.ts : undefined),
      };
    },
  },
  'conversations.replies': {
    ...tier3,
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const thread = isTimestamp(args['ts']) ? await core.messages.get(channel.id, args['ts']) : undefined;
      if (thread === undefined) throw new SlackFailure('thread_not_found');
      const limit = limitOf(args, 1000);
      const root = thread.threadTs ?? thread.ts;
      const found = await core.messages.page(channel.id, { thread: root, ...bounds(args), limit: 1000 });
      const start = readCursor(args);
      const rising = found.reverse().filter(({ ts }) => start === undefined || ts > start);
      const messages = rising.slice(0, limit);
      return {
        messages: messages.map(presentMessage),
        ...more(rising.length > limit ? messages.at(-1)?.ts : undefined),
      };
    },
  },
};

/** `latest`, `oldest` and `inclusive`; a cursor continues below the last message seen. */
function bounds(args: Json): { latest?: string; oldest?: string; inclusive: boolean } {
  const cursor = args['ts'] === undefined ? readCursor(args) : undefined;
  const latest = cursor ?? time(args['latest'], 'invalid_ts_latest');
  const oldest = time(args['oldest'], 'invalid_ts_oldest');
  return {
    ...(latest !== undefined && { latest }),
    ...(oldest !== undefined && { oldest }),
    inclusive: cursor === undefined && isTrue(args['inclusive']),
  };
}

function time(value: unknown, refusal: string): string | undefined {
  if (value === undefined || value === '' || value === '0' || value === 0) return undefined;
  if (!/^\d{1,10}(\.\d{1,6})?$/.test(String(value))) throw new SlackFailure(refusal);
  const [seconds = '', micros = ''] = String(value).split('.');
  return `${seconds.padStart(10, '0')}.${micros.padEnd(6, '0')}`;
}

function more(last: string | undefined): Json {
  return {
    has_more: last !== undefined,
    pin_count: 0,
    response_metadata: { next_cursor: last === undefined ? '' : toCursor(last) },
  };
}
