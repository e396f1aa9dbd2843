import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { runCommand } from './acts/command';
import { pressInMessage, pressInView } from './acts/press';
import { say } from './acts/say';
import { closeView, submitView } from './acts/submit';
import type { Core } from './core';
import { tellEvent } from './events';
import { SlackFailure } from './failure';
import type { Channel, User } from './people';
import { drawn } from './posting';
import { app, team } from './team';

const id = z.string().max(64);
const json = z.record(z.string(), z.unknown());
const press = {
  user: id,
  blockId: z.string().max(255),
  actionId: z.string().max(255),
  chosen: json.optional(),
  state: json.optional(),
};
const bodies = {
  send: z.object({ user: id, channel: id, text: z.string().max(40_000), threadTs: id.optional() }),
  press: z.object({ ...press, channel: id, ts: id }),
  pressInView: z.object({ ...press, view: id }),
  submit: z.object({ user: id, view: id, values: json }),
  close: z.object({ user: id, view: id, cleared: z.boolean().default(false) }),
};
const PAGE = 60;

/**
 * What the page calls on behalf of a person; whoever mounts these routes decides who may call them.
 * Refusals are `{ok: false, error}` with Slack's names, as the page of Slack would meet them.
 */
export function browserRoutes(core: Core): FastifyPluginAsync {
  return async (fastify) => {
    fastify.setErrorHandler((error, _request, reply) => {
      if (error instanceof SlackFailure) return reply.send({ ok: false, error: error.error });
      if (error instanceof z.ZodError)
        return reply.code(400).send({ ok: false, error: 'invalid_arguments', message: z.prettifyError(error) });
      throw error;
    });
    fastify.get('/', async () => ({
      team: { name: team.name },
      app: { id: app.userId, name: app.realName },
      users: core.directory.users.map(({ id: user, name, realName, isBot }) => ({ id: user, name, realName, isBot })),
      channels: core.directory.channels.map(({ id: channel, name, topic, kind, imUser }) => ({
        id: channel,
        name,
        topic,
        kind,
        imUser,
      })),
    }));
    fastify.get('/messages', async (request) => {
      const query = z
        .object({ user: id, channel: id, before: id.optional(), thread: id.optional() })
        .parse(request.query);
      const { channel } = place(core, query);
      const page = {
        limit: query.thread === undefined ? PAGE : 1000,
        commands: true,
        ...(query.before && { latest: query.before }),
        ...(query.thread && { thread: query.thread }),
      };
      const found = await core.messages.page(channel.id, page);
      return { messages: found.map(drawn).reverse(), more: query.thread === undefined && found.length === PAGE };
    });
    fastify.get('/unread', async (request) => {
      const query = z.object({ user: id, read: z.string().max(4000) }).parse(request.query);
      const read = z.record(id, z.string().regex(/^[\d.]{1,20}$/)).parse(JSON.parse(query.read));
      const visible = core.directory.channels.filter(({ imUser }) => imUser === undefined || imUser === query.user);
      const counts = visible.map(async (channel) => {
        const since = read[channel.id] ?? '0';
        const found = await core.messages.page(channel.id, { oldest: since, limit: 100 });
        return [channel.id, found.filter(({ user }) => user !== query.user).length] as const;
      });
      return Object.fromEntries(await Promise.all(counts));
    });
    fastify.post('/send', async (request) => {
      const body = bodies.send.parse(request.body);
      const { user, channel } = place(core, body);
      if (/^\/[^\s/]/.test(body.text.trim())) return runCommand(core, user, channel, body.text, body.threadTs);
      await say(core, user, channel, body.text, body.threadTs);
      return { ok: true };
    });
    fastify.post('/press', async (request) => {
      const body = bodies.press.parse(request.body);
      const { user, channel } = place(core, body);
      await pressInMessage(core, user, channel, body.ts, pressed(body));
      return { ok: true };
    });
    fastify.post('/view/press', async (request) => {
      const body = bodies.pressInView.parse(request.body);
      await pressInView(core, person(core, body.user), body.view, pressed(body));
      return { ok: true };
    });
    fastify.post('/view/submit', async (request) => {
      const body = bodies.submit.parse(request.body);
      return { ok: true, ...(await submitView(core, person(core, body.user), body.view, body.values)) };
    });
    fastify.post('/view/close', async (request) => {
      const body = bodies.close.parse(request.body);
      await closeView(core, person(core, body.user), body.view, body.cleared);
      return { ok: true };
    });
    fastify.post('/home', async (request) => {
      const user = person(core, z.object({ user: id }).parse(request.body).user);
      const view = await core.views.home(user.id);
      tellEvent(core, 'app_home_opened', {
        type: 'app_home_opened',
        user: user.id,
        channel: core.directory.channel(user.id)?.id,
        tab: 'home',
        event_ts: core.nextTs(),
        ...(view && { view }),
      });
      return { ok: true, view: view ?? null };
    });
  };
}

function pressed(body: {
  blockId: string;
  actionId: string;
  chosen?: Record<string, unknown> | undefined;
  state?: Record<string, unknown> | undefined;
}) {
  return {
    blockId: body.blockId,
    actionId: body.actionId,
    ...(body.chosen && { chosen: body.chosen }),
    ...(body.state && { state: body.state }),
  };
}

function person(core: Core, reference: string): User {
  const user = core.directory.user(reference);
  if (user === undefined || user.isBot) throw new SlackFailure('user_not_found');
  return user;
}

/** Who, and where: a direct conversation is only its own person's. */
function place(
  core: Core,
  { user: reference, channel: name }: { user: string; channel: string },
): { user: User; channel: Channel } {
  const user = person(core, reference);
  const channel = core.directory.channel(name);
  if (channel === undefined || (channel.imUser !== undefined && channel.imUser !== user.id))
    throw new SlackFailure('channel_not_found');
  return { user, channel };
}
