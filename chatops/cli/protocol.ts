/** `POST /api/command`, with the bearer token of `edwin.json`. */
export interface CommandRequest {
  readonly text: string;
  /** Name of who asks. */
  readonly as: string;
  /** Follow an operation to its end; else the answer comes when it has begun. */
  readonly wait: boolean;
}

/** The answer is a stream of JSON lines: any number of `progress`, then one `reply`. A stream without it was cut. */
export type CommandLine = { readonly progress: Progress } | { readonly reply: FinalReply };

export interface Progress {
  readonly text: string;
  /** How to look at it again, once there is an operation. */
  readonly lookAgain?: string;
  readonly operation?: number;
}

/** `POST /api/follow`: goes on with an operation after the connection was lost; answers like a command. */
export interface FollowRequest {
  readonly operation: number;
}

export interface FinalReply {
  readonly exit: 0 | 1 | 2 | 8;
  /** One sentence, then what explains it. */
  readonly text: string;
  readonly lines: readonly string[];
  /** What `--json` prints. */
  readonly result: unknown;
}

/** `POST /api/complete`: the words after `edwin`, the last one being typed. Answers with a list. */
export interface CompleteRequest {
  readonly words: readonly string[];
  readonly as: string;
}

export interface CompleteAnswer {
  readonly word: string;
  readonly hint: string;
}
