import type { ChatMessage } from './conversations';

export type ChatEvent =
  | { readonly type: 'message'; readonly message: ChatMessage }
  | { readonly type: 'state'; readonly student: string; readonly id: number; readonly state: ChatMessage['state'] }
  | { readonly type: 'typing'; readonly student: string; readonly on: boolean };

/** Tells listeners of this process what happens in conversations; `student` undefined hears all of the environment. */
export interface ChatFeed {
  publish(environment: string, event: ChatEvent): void;
  /** Returns what ends it. */
  subscribe(environment: string, student: string | undefined, listener: (event: ChatEvent) => void): () => void;
}

export function createChatFeed(): ChatFeed {
  const listeners = new Set<(environment: string, event: ChatEvent) => void>();
  return {
    publish: (environment, event) => {
      for (const listener of listeners) listener(environment, event);
    },
    subscribe: (environment, student, listener) => {
      const filtered = (where: string, event: ChatEvent) => {
        const who = event.type === 'message' ? event.message.student : event.student;
        if (where === environment && (student === undefined || student === who)) listener(event);
      };
      listeners.add(filtered);
      return () => void listeners.delete(filtered);
    },
  };
}
