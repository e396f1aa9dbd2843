import type { Pool } from '../../platform/database/postgres';
import { app, channels, people, slackbot } from './team';

export interface User {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly isBot: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  readonly kind: 'channel' | 'im';
  /** The person of a direct conversation with the app. */
  readonly imUser: string | undefined;
  readonly createdAt: Date;
}

/** Users and channels: read once, since nothing changes them while the workspace runs. */
export interface Directory {
  readonly users: readonly User[];
  readonly channels: readonly Channel[];
  user(id: unknown): User | undefined;
  /** By id, `#name`, name, or the id of a user, which means the direct conversation with that person. */
  channel(reference: unknown): Channel | undefined;
  /** Everyone is in every channel; a direct conversation has its person and the app. */
  members(channel: Channel): string[];
}

export async function openDirectory(pool: Pool): Promise<Directory> {
  await seed(pool);
  const users = await readUsers(pool);
  const all = await readChannels(pool);
  const byReference = new Map<string, Channel>();
  for (const channel of all) {
    if (channel.imUser !== undefined) byReference.set(channel.imUser, channel);
    else byReference.set(channel.name, channel).set(`#${channel.name}`, channel);
    byReference.set(channel.id, channel);
  }
  return {
    users,
    channels: all,
    user: (id) => users.find((user) => user.id === id),
    channel: (reference) => byReference.get(String(reference)),
    members: (channel) =>
      channel.imUser === undefined
        ? users.filter((user) => user.id !== slackbot.id).map((user) => user.id)
        : [channel.imUser, app.userId],
  };
}

async function seed(pool: Pool): Promise<void> {
  const bots = [app, slackbot].map((bot) => ({
    id: 'userId' in bot ? bot.userId : bot.id,
    name: bot.name,
    realName: bot.realName,
    bot: true,
  }));
  for (const user of [...bots, ...people.map((person) => ({ ...person, bot: false }))]) {
    await pool.query(
      'insert into workspace.users (id, name, real_name, is_bot) values ($1, $2, $3, $4) on conflict do nothing',
      [user.id, user.name, user.realName, user.bot],
    );
  }
  const direct = people.map((person) => ({
    id: person.id.replace(/^U/, 'D'),
    name: `edwin-${person.name}`,
    topic: '',
    im: person.id,
  }));
  for (const channel of [...channels.map((channel) => ({ ...channel, im: null })), ...direct]) {
    await pool.query(
      'insert into workspace.channels (id, name, topic, kind, im_user) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [channel.id, channel.name, channel.topic, channel.im === null ? 'channel' : 'im', channel.im],
    );
  }
}

async function readUsers(pool: Pool): Promise<User[]> {
  const { rows } = await pool.query<User>(
    'select id, name, real_name as "realName", is_bot as "isBot" from workspace.users order by id',
  );
  return rows;
}

async function readChannels(pool: Pool): Promise<Channel[]> {
  const { rows } = await pool.query<Omit<Channel, 'imUser'> & { imUser: string | null }>(
    'select id, name, topic, kind, im_user as "imUser", created_at as "createdAt" from workspace.channels order by kind, id',
  );
  const order = channels.map((channel) => channel.id as string);
  return rows
    .map((row) => ({ ...row, imUser: row.imUser ?? undefined }))
    .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}
