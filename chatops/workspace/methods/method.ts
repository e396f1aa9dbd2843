import type { Core } from '../core';
import { SlackFailure } from '../failure';
import type { Json } from '../json';
import type { Tier } from '../limits';
import type { Channel, User } from '../people';

/** One method of the Web API: its answer without `ok`, or a SlackFailure. */
export interface Method {
  readonly tier: Tier;
  readonly token: 'bot' | 'app';
  readonly run: (core: Core, args: Json) => Promise<Json> | Json;
}

export type Methods = Readonly<Record<string, Method>>;

/** @throws SlackFailure `channel_not_found` */
export function needChannel(core: Core, args: Json, name = 'channel'): Channel {
  const channel = core.directory.channel(args[name]);
  if (channel === undefined) throw new SlackFailure('channel_not_found');
  return channel;
}

/** @throws SlackFailure `user_not_found` */
export function needUser(core: Core, id: unknown): User {
  const user = core.directory.user(id);
  if (user === undefined) throw new SlackFailure('user_not_found');
  return user;
}

/** Slack's pages: `cursor` and `limit` in, `next_cursor` out (empty at the end). */
export function paged<T>(
  items: readonly T[],
  args: Json,
  fallback: number,
): { items: readonly T[]; response_metadata: Json } {
  const limit = limitOf(args, fallback);
  const start = cursorOf(args);
  const end = start + limit;
  return {
    items: items.slice(start, end),
    response_metadata: { next_cursor: end < items.length ? toCursor(String(end)) : '' },
  };
}

export function limitOf(args: Json, fallback: number): number {
  const limit = Number(args['limit'] ?? fallback);
  return Number.isInteger(limit) && limit >= 1 ? Math.min(limit, 999) : fallback;
}

export function toCursor(value: string): string {
  return Buffer.from(`next:${value}`).toString('base64');
}

/** @throws SlackFailure `invalid_cursor` */
export function readCursor(args: Json): string | undefined {
  const cursor = args['cursor'];
  if (cursor === undefined || cursor === '') return undefined;
  const value = /^next:([\d.]+)$/.exec(Buffer.from(String(cursor), 'base64').toString())?.[1];
  if (value === undefined) throw new SlackFailure('invalid_cursor');
  return value;
}

function cursorOf(args: Json): number {
  return Number(readCursor(args) ?? 0);
}
