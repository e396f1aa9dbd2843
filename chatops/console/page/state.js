import { computed, signal } from '@preact/signals';

/** Everything the page knows. Only stream.js, chat.js and the composer change it; components read. */
export const boot = signal(undefined);
export const directory = signal({ users: [], channels: [], app: undefined });
export const me = signal(recall('user', 'U0ALICE'));
export const channelId = signal(recall('channel', 'C0DEPLOYS'));
/** Slack ts of the first message of the open thread. */
export const threadTs = signal(undefined);
/** `${channel}` or `${channel}/${thread}` → messages, oldest first; undefined until loaded. */
export const feeds = signal({});
export const more = signal({});
export const whispers = signal({});
export const unread = signal({});
export const view = signal(undefined);
/** `${environment}/${service}` → cell; undefined until loaded. */
export const cells = signal(undefined);
export const lost = signal(false);
export const now = signal(Date.now());
export const route = signal({ page: 'board' });
/** On a narrow screen, what is seen: `chat` or the page of the route. */
export const seen = signal('chat');
/** A text to put into the composer, and when; the composer takes it. */
export const draft = signal({ text: '', at: 0 });
/** The cell whose charts stand under the board. */
export const focused = signal(undefined);

export const channel = computed(() => directory.value.channels.find(({ id }) => id === channelId.value));
export const user = computed(() => directory.value.users.find(({ id }) => id === me.value));
export const operations = computed(() =>
  Object.values(cells.value ?? {})
    .flatMap((cell) => [cell.running, cell.last])
    .filter(Boolean)
    .sort((a, b) => Date.parse(b.requestedAt) - Date.parse(a.requestedAt)),
);
/** Operation id → how it stands, for the colour beside its message. */
export const tones = computed(() => {
  const known = { planned: 'busy', running: 'busy', undoing: 'bad', done: 'good', undone: 'bad', failed: 'bad' };
  return Object.fromEntries(operations.value.map(({ id, state }) => [id, known[state]]));
});
/** What runs now, else what ran last. */
export const current = computed(() => operations.value.find(({ finishedAt }) => !finishedAt) ?? operations.value[0]);

export function propose(text) {
  draft.value = { text, at: Date.now() };
  seen.value = 'chat';
}

export function recall(name, fallback) {
  try {
    return localStorage.getItem(`edwin.${name}`) ?? fallback;
  } catch {
    return fallback;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`edwin.${name}`, value);
  } catch {
    // A browser that keeps nothing still works.
  }
}
