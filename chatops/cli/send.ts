import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError, explain } from '../../platform/errors';
import { quoted } from '../parse';
import type { CliOptions } from './options';
import type { CommandLine, CommandRequest, FinalReply, FollowRequest } from './protocol';
import { findRunning, post, type Running } from './running';
import { colored, openProgress, type Terminal } from './terminal';

/** Exit statuses besides those of replies. */
const DETACHED = 130;
const REFUSED = 2;
const WAITING = 8;

/** After a lost connection Edwin is asked again for as long as a restart may take. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 300;

/**
 * Sends a command to the running Edwin, shows its progress and its answer. Resolves with the exit status: 0 done,
 * 1 failed or undone, 2 refused, wrong usage or not running, 8 still waiting, 130 after Ctrl-C (`interrupted`).
 */
export async function send(
  options: CliOptions,
  terminal: Terminal,
  { from, interrupted }: { from: string; interrupted: AbortSignal },
): Promise<number> {
  const running = findRunning(options.data, from);
  const notRunning = new EdwinError('start.not-running', 'Edwin does not run here.');
  if (!running) return refuse(options, terminal, explain(notRunning));
  const body: CommandRequest = { text: options.words.map(quoted).join(' '), as: options.as, wait: options.wait };
  const call = openCall(openProgress(terminal));
  const detached = new Promise<'detached'>((resolve) =>
    interrupted.addEventListener('abort', () => resolve('detached'), { once: true }),
  );
  const finished = follow(running, body, call, { ...options, from }, interrupted);
  const how = await Promise.race([finished, detached]);
  call.progress.clear();
  if (how === 'detached') {
    terminal.err.write(`Not followed any more; it goes on. Look again with: ${call.lookAgain}\n`);
    return DETACHED;
  }
  if (how === 'absent') return refuse(options, terminal, explain(notRunning));
  if (call.error !== undefined) return refuse(options, terminal, call.error);
  if (call.reply) return answer(call.reply, options, terminal);
  terminal.err.write(`The connection to Edwin was lost; what was begun goes on. Look again with: ${call.lookAgain}\n`);
  return WAITING;
}

/** What has been heard so far. */
interface Call {
  readonly progress: ReturnType<typeof openProgress>;
  reply: FinalReply | undefined;
  error: string | undefined;
  operation: number | undefined;
  lookAgain: string;
  onLine(line: string): void;
}

function openCall(progress: Call['progress']): Call {
  return {
    progress,
    reply: undefined,
    error: undefined,
    operation: undefined,
    lookAgain: 'edwin status',
    onLine(line) {
      const said = JSON.parse(line) as CommandLine | { error: string };
      if ('error' in said) this.error = said.error;
      else if ('reply' in said) this.reply = said.reply;
      else {
        this.lookAgain = said.progress.lookAgain ?? this.lookAgain;
        this.operation = said.progress.operation ?? this.operation;
        progress.show(said.progress.text);
      }
    },
  };
}

/** Posts the command; an operation whose connection breaks is followed again, since Edwin may be back in a moment. */
async function follow(
  running: Running,
  body: CommandRequest,
  call: Call,
  { data, from }: { data: string | undefined; from: string },
  interrupted: AbortSignal,
): Promise<'ended' | 'absent'> {
  const onLine = (line: string): void => call.onLine(line);
  try {
    await post(running, '/api/command', body, { onLine });
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ECONNREFUSED') return 'absent';
  }
  const until = Date.now() + PATIENCE_MS;
  while (
    !call.reply &&
    call.error === undefined &&
    call.operation !== undefined &&
    !interrupted.aborted &&
    Date.now() < until
  ) {
    await pause(RETRY_MS, undefined, { ref: false });
    const request: FollowRequest = { operation: call.operation };
    await post(findRunning(data, from) ?? running, '/api/follow', request, { onLine }).catch(() => undefined);
  }
  return 'ended';
}

function answer(
  { exit, text, lines, result }: FinalReply,
  { json }: CliOptions,
  { out, err, color }: Terminal,
): number {
  if (json) {
    out.write(`${JSON.stringify(result)}\n`);
    return exit;
  }
  const stream = exit === REFUSED ? err : out;
  stream.write(`${colored(text, exit, color)}\n`);
  if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
  return exit;
}

function refuse({ json }: CliOptions, { out, err, color }: Terminal, sentence: string): number {
  if (json) out.write(`${JSON.stringify({ state: 'refused', message: sentence })}\n`);
  else err.write(`${colored(sentence, REFUSED, color)}\n`);
  return REFUSED;
}
