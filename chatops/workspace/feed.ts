import type { Json } from './json';

/** A change that the page draws. `to` names the only person who may see it. */
export interface FeedEvent {
  readonly type: 'message' | 'message_deleted' | 'ephemeral' | 'ephemeral_deleted' | 'view' | 'view_closed' | 'home';
  readonly to?: string;
  readonly data: Json;
}

export interface Feed {
  publish(event: FeedEvent): void;
  subscribe(listener: (event: FeedEvent) => void): { stop(): void };
}

export function createFeed(): Feed {
  const listeners = new Set<(event: FeedEvent) => void>();
  return {
    publish: (event) => {
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return { stop: () => void listeners.delete(listener) };
    },
  };
}
