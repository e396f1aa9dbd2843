import type { z } from 'zod';
import type { Fleet } from '../platform/fleet/fleet';
import type { Logger } from '../platform/log';
import type { Queue } from '../platform/queue/queue';
import type { TelemetryStore } from '../platform/telemetry/telemetry';
import type { Message } from './slack/message';

/** Who speaks, told by the door (a Slack user id, the command line's token), never by a name in the text. */
export interface Actor {
  /** Stable id: `slack:U0123`, `cli:alice`. */
  readonly id: string;
  readonly name: string;
  readonly door: 'slack' | 'cli';
  /** Only members are served: guests, people of other firms and bots are refused whatever their role. */
  readonly standing: 'member' | 'guest' | 'stranger' | 'bot';
}

export const roles = ['viewer', 'engineer', 'operator'] as const;
export type Role = (typeof roles)[number];

export interface CommandContext {
  readonly actor: Actor;
  readonly fleet: Fleet;
  readonly telemetry: TelemetryStore;
  /** The queue of one environment; its connection is made when it is first needed. */
  queue(environment: string): Promise<Queue>;
  readonly log: Logger;
  readonly now: Date;
  /** Same for two arrivals of the same wish (double Enter, redelivery). */
  readonly key: string;
  /** Where a message about an operation goes; kept in `Operation.origin`. */
  readonly origin: Readonly<Record<string, string>>;
  readonly publicUrl: string;
  /** All commands, for `help`. */
  readonly commands: readonly Command[];
  /** Why this actor may not do a part that needs more than the command's own role; undefined when they may. */
  refusal(role: Role): string | undefined;
  /** How this actor would type a command at their door: `/deploy bot stage`, `edwin deploy bot stage`. */
  typed(text: string): string;
  /** Lines of progress, for doors that can show them (command line). */
  progress(line: string): void;
}

/** `exit` is the status of the command line: 0 done, 1 failed or undone, 2 refused or wrong usage, 8 still waiting. */
export interface Reply {
  readonly message: Message;
  /** What a terminal prints under the message's sentence. */
  readonly lines?: readonly string[];
  /** `channel`: everyone sees it. `asker`: only who asked. */
  readonly audience: 'channel' | 'asker';
  readonly exit: 0 | 1 | 2 | 8;
  /** When the command began an operation: its message lives on and is edited until it is final. */
  readonly operation?: number;
  /** The same wish had already been made; `operation` is the one it began. */
  readonly repeated?: boolean;
  /** What `--json` prints when there is no operation. */
  readonly data?: unknown;
}

/** What could stand at a place: `value` completes the text, `hint` says what it would do. */
export interface Suggestion {
  readonly value: string;
  readonly hint: string;
}

export interface Command<A extends z.ZodType = z.ZodType> {
  readonly name: string;
  /** Has a short name of its own (`/deploy`); all are reached by `/edwin <name>`. */
  readonly short: boolean;
  /**
   * The grammar, read by `usage.ts`: `<service> <env> [version] [--plan]`. Names are those of `args`; `[query...]`
   * takes all words that are left, `[--flag]` is true or absent, `[--limit N]` has a value.
   */
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly role: Role;
  /** It changes something, so that the same wish within a few seconds must be carried out once. */
  readonly changes: boolean;
  readonly args: A;
  /** Suggestions for the argument `name`, given those before it; undefined: those that `suggest.ts` knows. */
  suggest?(
    name: string,
    given: Readonly<Record<string, string>>,
    context: CommandContext,
  ): Promise<Suggestion[] | undefined>;
  run(args: z.infer<A>, context: CommandContext): Promise<Reply>;
}

/** Keeps the types of `args` and `run` together, and forgets them for the list. */
export function defineCommand<A extends z.ZodType>(command: Command<A>): Command {
  return command as unknown as Command;
}
