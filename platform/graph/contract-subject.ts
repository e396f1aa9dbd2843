import type { Graph } from './graph';

/** What an adapter's test prepares: an empty graph, and ways to reach and not to reach it. */
export interface GraphUnderTest {
  /** What the server says of itself. */
  version(): Promise<string>;
  /** Opens the same graph each time; with `limitMs` a call waits no longer than that. */
  open(options?: { limitMs?: number }): Promise<Graph>;
  openUnreachable(): Promise<Graph>;
  openWithWrongPassword(): Promise<Graph>;
  /** With credentials of another environment. */
  openAsStranger(): Promise<Graph>;
  readonly faults: GraphFaults;
  readonly learners?: number;
}

export interface GraphFaults {
  /** kill -9 of the server, and a new start; resolves when it answers again. */
  crash(): Promise<void>;
  /** Freezes the server: connections stay open, nothing answers. */
  pause(): Promise<void> | void;
  resume(): Promise<void> | void;
  /** Ends every connection and refuses new ones, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}
