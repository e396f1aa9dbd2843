import { EdwinError, explain } from '../../platform/errors';
import { quoted } from '../parse';
import type { CliOptions } from './options';
import type { CommandLine, CommandRequest, FinalReply } from './protocol';
import { findRunning, post } from './running';
import { colored, openProgress, type Terminal } from './terminal';

/** Exit statuses besides those of replies. */
export const DETACHED = 130;
const REFUSED = 2;
const WAITING = 8;

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
  const progress = openProgress(terminal);
  let reply: FinalReply | undefined;
  let error: string | undefined;
  let lookAgain = 'edwin status';
  const onLine = (line: string): void => {
    const said = JSON.parse(line) as CommandLine | { error: string };
    if ('error' in said) error = said.error;
    else if ('reply' in said) reply = said.reply;
    else {
      lookAgain = said.progress.lookAgain ?? lookAgain;
      progress.show(said.progress.text);
    }
  };
  const body: CommandRequest = { text: options.words.map(quoted).join(' '), as: options.as, wait: options.wait };
  const detached = new Promise<'detached'>((resolve) =>
    interrupted.addEventListener('abort', () => resolve('detached'), { once: true }),
  );
  try {
    const ended = await Promise.race([post(running, '/api/command', body, { onLine }), detached]);
    progress.clear();
    if (ended === 'detached') {
      terminal.err.write(`Not followed any more; it goes on. Look again with: ${lookAgain}\n`);
      return DETACHED;
    }
  } catch (failure) {
    progress.clear();
    if ((failure as NodeJS.ErrnoException).code === 'ECONNREFUSED')
      return refuse(options, terminal, explain(notRunning));
  }
  if (error !== undefined) return refuse(options, terminal, error);
  if (!reply) {
    terminal.err.write(`The connection to Edwin was lost; what was begun goes on. Look again with: ${lookAgain}\n`);
    return WAITING;
  }
  return answer(reply, options, terminal);
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
