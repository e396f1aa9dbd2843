import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Engine } from '../docker/engine';
import { openEvents } from './docker-calls';
import { LineSplitter } from './lines';

const AGAIN_MS = 250;

const eventSchema = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
});

/** A container of ours that started or exited. */
export interface Change {
  readonly id: string;
  readonly name: string;
  /** When it exited. */
  readonly exitCode: number | undefined;
}

export interface EventHandlers {
  /** Compares what runs with what was told. */
  relist(): Promise<void>;
  /** Called as soon as the engine says it, however long `changed` takes for those before. */
  heard(change: Change): void;
  /** Called for one change after the other. */
  changed(change: Change): Promise<void>;
  /** The stream ended and can not be opened again. */
  lost(): void;
}

/**
 * Resolves when the stream is open and what happened before is known; then goes on until `signal` aborts. The list
 * is read after the stream is opened, each time, so that nothing falls between the two.
 */
export async function followEvents(engine: Engine, signal: AbortSignal, handlers: EventHandlers): Promise<void> {
  let stream = await openEvents(engine, signal);
  await handlers.relist();
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      await each(stream, handlers).catch(() => undefined);
      if (signal.aborted) return;
      try {
        stream = await openEvents(engine, signal);
        await handlers.relist();
      } catch {
        handlers.lost();
        await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  void follow();
}

async function each(stream: Readable, handlers: EventHandlers): Promise<void> {
  const splitter = new LineSplitter();
  let last = Promise.resolve();
  for await (const piece of stream) {
    for (const line of splitter.push(piece)) {
      const parsed = eventSchema.safeParse(JSON.parse(line));
      if (!parsed.success) continue;
      const { ID: id, Attributes } = parsed.data.Actor;
      const exitCode = parsed.data.Action === 'die' ? Number(Attributes['exitCode']) : undefined;
      const change = { id, name: Attributes['name'] ?? id, exitCode };
      handlers.heard(change);
      last = last.then(() => handlers.changed(change));
      last.catch(() => stream.destroy());
    }
  }
  await last;
}
