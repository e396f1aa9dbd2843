import { batch } from '@preact/signals';
import { get, post } from './api.js';
import { channelId, directory, feeds, me, more, recall, remember, threadTs, unread, view, whispers } from './state.js';

const KEPT = 600;
/** Messages that the stream brought; a slower answer of the server must not undo them. */
const streamed = new Map();

const keyOf = (channel, thread) => (thread ? `${channel}/${thread}` : channel);

export async function loadDirectory() {
  directory.value = await get('/api/workspace');
  const { users, channels } = directory.value;
  if (!users.some(({ id, isBot }) => id === me.value && !isBot)) me.value = users.find(({ isBot }) => !isBot)?.id;
  if (!channels.some(({ id }) => id === channelId.value)) channelId.value = channels[0]?.id;
}

export async function loadFeed(channel, thread, before) {
  const asked = performance.now();
  const answer = await get('/api/workspace/messages', { user: me.value, channel, thread, before });
  const key = keyOf(channel, thread);
  const fresh = answer.messages.map((message) => {
    const late = streamed.get(`${channel}/${message.ts}`);
    return late && late.at > asked ? late.message : message;
  });
  const kept = before
    ? (feeds.value[key] ?? [])
    : (feeds.value[key] ?? []).filter(({ ts }) => streamed.get(`${channel}/${ts}`)?.at > asked);
  batch(() => {
    feeds.value = { ...feeds.value, [key]: merge(fresh, kept) };
    more.value = { ...more.value, [key]: answer.more };
  });
}

export async function loadUnread() {
  const { channels } = directory.value;
  const read = Object.fromEntries(channels.map(({ id }) => [id, recall(`read.${me.value}.${id}`, '0')]));
  const counts = await get('/api/workspace/unread', { user: me.value, read: JSON.stringify(read) });
  // What came by the stream while this was asked for counts, too.
  const known = Object.entries(counts).map(([id, count]) => [id, Math.max(count, unread.value[id] ?? 0)]);
  unread.value = { ...Object.fromEntries(known), [channelId.value]: 0 };
  markRead(channelId.value);
}

export function openChannel(id) {
  batch(() => {
    channelId.value = id;
    threadTs.value = undefined;
    unread.value = { ...unread.value, [id]: 0 };
  });
  remember('channel', id);
  markRead(id);
  void loadFeed(id);
}

export function openThread(ts) {
  threadTs.value = ts;
  if (ts) void loadFeed(channelId.value, ts);
}

/** A message was posted or changed. */
export function onMessage({ channel, message }) {
  streamed.set(`${channel}/${message.ts}`, { at: performance.now(), message });
  if (streamed.size > 2000) streamed.delete(streamed.keys().next().value);
  const root = message.thread_ts ?? message.ts;
  const inChannel = root === message.ts || message.subtype === 'thread_broadcast';
  const isNew = !feeds.value[channel]?.some(({ ts }) => ts === message.ts);
  batch(() => {
    if (inChannel) put(channel, message);
    if (feeds.value[keyOf(channel, root)]) put(keyOf(channel, root), message);
    if (channel !== channelId.value) {
      if (isNew && inChannel && message.user !== me.value) count(channel);
    } else markRead(channel);
  });
}

export function onDeleted({ channel, ts }) {
  const without = (list) => list?.filter((message) => message.ts !== ts);
  feeds.value = Object.fromEntries(
    Object.entries(feeds.value).map(([key, list]) => [key, key.startsWith(channel) ? without(list) : list]),
  );
}

export function onWhisper({ channel, message }) {
  const list = (whispers.value[channel] ?? []).filter(({ ts }) => ts !== message.ts);
  whispers.value = { ...whispers.value, [channel]: [...list, message].slice(-50) };
}

export function onWhisperGone({ channel, ts }) {
  whispers.value = {
    ...whispers.value,
    [channel]: (whispers.value[channel] ?? []).filter((message) => message.ts !== ts),
  };
}

/** Messages and whispers of a place, in the order of time. */
export function timeline(channel, thread) {
  const said = feeds.value[keyOf(channel, thread)];
  if (said === undefined) return undefined;
  const own = (whispers.value[channel] ?? []).filter(({ thread_ts }) => thread_ts === thread);
  return own.length > 0 ? merge(said, own) : said;
}

export const send = (text) =>
  post('/api/workspace/send', {
    user: me.value,
    channel: channelId.value,
    text,
    ...(threadTs.value && { threadTs: threadTs.value }),
  });

/** A person acts on an element of a message or of the open modal. */
export const press = (place, { blockId, actionId, chosen, state }) =>
  place.view
    ? post('/api/workspace/view/press', { user: me.value, view: place.view, blockId, actionId, chosen, state })
    : post('/api/workspace/press', {
        user: me.value,
        channel: place.channel,
        ts: place.ts,
        blockId,
        actionId,
        chosen,
        state,
      });

export async function submitView(values) {
  return post('/api/workspace/view/submit', { user: me.value, view: view.value.id, values });
}

export function closeView(cleared = false) {
  const { id } = view.value;
  view.value = undefined;
  return post('/api/workspace/view/close', { user: me.value, view: id, cleared });
}

function put(key, message) {
  feeds.value = { ...feeds.value, [key]: merge(feeds.value[key] ?? [], [message]).slice(-KEPT) };
}

function count(id) {
  unread.value = { ...unread.value, [id]: (unread.value[id] ?? 0) + 1 };
}

function markRead(id) {
  remember(`read.${me.value}.${id}`, (Date.now() / 1000 + 1).toFixed(6));
}

/** The second list wins where both have a message. */
function merge(a, b) {
  const byTs = new Map([...a, ...b].map((message) => [message.ts, message]));
  return [...byTs.values()].sort((one, other) => (one.ts < other.ts ? -1 : 1));
}
