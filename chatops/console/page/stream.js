import { bootstrap, get } from './api.js';
import { loadFeed, loadUnread, onDeleted, onMessage, onWhisper, onWhisperGone } from './chat.js';
import { boot, cells, channelId, lost, me, threadTs, view } from './state.js';

const LOST_AFTER_MS = 1500;
let source;
let last;
let lostTimer;
let loaded = false;

/** One stream for board and chat. After a break it says where it was and gets what it missed, or all anew. */
export function connect() {
  source?.close();
  const query = new URLSearchParams({ user: me.value, ...(last && { last }) });
  const mine = new EventSource(`/api/stream?${query}`);
  source = mine;
  const on = (name, handle) =>
    mine.addEventListener(name, (event) => {
      last = event.lastEventId;
      handle(JSON.parse(event.data));
    });
  // Another server process, perhaps: its proofs are new as well.
  on('reset', () => {
    const renewed = loaded ? bootstrap() : Promise.resolve();
    loaded = true;
    void renewed.then(loadAll, () => undefined);
  });
  on('resumed', () => undefined);
  on('board', ({ cells: changed }) => update(changed));
  on('message', onMessage);
  on('message_deleted', onDeleted);
  on('ephemeral', onWhisper);
  on('ephemeral_deleted', onWhisperGone);
  on('view', ({ view: shown }) => {
    view.value = shown;
  });
  on('view_closed', () => {
    view.value = undefined;
  });
  mine.addEventListener('open', () => {
    clearTimeout(lostTimer);
    lostTimer = undefined;
    lost.value = false;
  });
  mine.addEventListener('error', () => {
    if (mine !== source) return;
    // Each try that fails says so; the first one starts the clock.
    lostTimer ??= setTimeout(() => {
      lost.value = true;
    }, LOST_AFTER_MS);
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === source && connect(), 2000);
  });
}

/** As another person: what only the one before saw is forgotten. */
export function reconnectAnew() {
  last = undefined;
  connect();
}

async function loadAll() {
  const chat = boot.value.workspace
    ? [loadFeed(channelId.value), loadUnread(), threadTs.value && loadFeed(channelId.value, threadTs.value)]
    : [];
  await Promise.all([loadBoard(), ...chat]).catch(() => undefined);
}

async function loadBoard() {
  const answer = await get('/api/board');
  update(answer.cells);
}

function update(changed) {
  cells.value = {
    ...cells.value,
    ...Object.fromEntries(changed.map((cell) => [`${cell.environment}/${cell.service}`, cell])),
  };
}
