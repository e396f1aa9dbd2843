import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { CliOptions } from './options';
import { readCliOptions } from './options';
import { findRunning } from './running';
import { send } from './send';
import { type Terminal, wantsColor } from './terminal';

export interface CliProcess {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly input: Readable & { isTTY?: boolean };
  readonly out: Terminal['out'];
  readonly err: Terminal['err'];
  /** Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/**
 * The command line: everything but `edwin up`. Resolves with the exit status. Heavy modules are loaded only by the
 * verbs that need them, since `edwin status` must feel instant.
 */
export async function main(process: CliProcess): Promise<number> {
  const { env, argv, cwd, out, err } = process;
  const terminal: Terminal = { out, err, color: wantsColor(env, out.isTTY ?? false) };
  const options = readCliOptions(argv, env);
  if (typeof options === 'string') return say(terminal.err, options, 2);
  const [verb = 'help', ...rest] = options.words;
  switch (verb) {
    case '--version':
    case '-v':
      return say(terminal.out, version(), 0);
    case '--help':
    case '-h':
      return helpFor(undefined, terminal);
    case 'help':
      if (rest.length === 0 || !findRunning(options.data, cwd)) return helpFor(rest[0], terminal);
      return send(options, terminal, { from: cwd, interrupted: process.interrupted });
    case 'complete':
      return completeFor(options, terminal, cwd);
    case 'completion':
      return completionFor(rest[0], terminal);
    case 'manifest':
      return manifestFor(rest, env, terminal);
    case 'secret':
      return secretFor(options, process.input, terminal, cwd);
    default:
      return send(options, terminal, { from: cwd, interrupted: process.interrupted });
  }
}

function say(stream: { write(text: string): unknown }, text: string, exit: number): number {
  stream.write(`${text}\n`);
  return exit;
}

function version(): string {
  for (const folder of ['../..', '../../..']) {
    try {
      return (JSON.parse(readFileSync(join(__dirname, folder, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      // the sources lie one folder less deep than what is compiled from them
    }
  }
  return 'unknown';
}

async function helpFor(verb: string | undefined, { out, err }: Terminal): Promise<number> {
  const { localHelp, localUsage } = await import('./local-help');
  const usage = verb === undefined ? localHelp() : localUsage(verb);
  return usage === undefined ? say(err, `There is no command "${verb}".\n${localHelp()}`, 2) : say(out, usage, 0);
}

async function completeFor(options: CliOptions, terminal: Terminal, cwd: string): Promise<number> {
  const { complete } = await import('./completion');
  const at = options.words.indexOf('--');
  const shell = options.words[1] ?? 'bash';
  const lines = await complete(shell, at < 0 ? [''] : options.words.slice(at + 1), options, cwd);
  if (lines.length > 0) terminal.out.write(`${lines.join('\n')}\n`);
  return 0;
}

async function completionFor(shell: string | undefined, { out, err }: Terminal): Promise<number> {
  const { scripts } = await import('./completion');
  const script = scripts[shell ?? ''];
  if (script === undefined) return say(err, 'Usage: edwin completion bash|zsh', 2);
  out.write(script);
  return 0;
}

async function manifestFor(rest: readonly string[], env: NodeJS.ProcessEnv, { out, err }: Terminal): Promise<number> {
  const [{ manifest }, { commands }] = await Promise.all([import('../slack/manifest'), import('../commands/list')]);
  const value = (option: string): string | undefined => {
    const at = rest.indexOf(option);
    return at < 0 ? undefined : (rest[at + 1] ?? '');
  };
  const url = value('--url');
  const prefix = value('--prefix') ?? env['SLACK_COMMAND_PREFIX'] ?? '';
  if (url !== undefined && !/^https?:\/\//.test(url))
    return say(err, 'Usage: edwin manifest [--url https://…] [--prefix P]', 2);
  return say(out, JSON.stringify(manifest({ commands, prefix, ...(url !== undefined && { url }) }), undefined, 2), 0);
}

async function secretFor(
  options: CliOptions,
  input: CliProcess['input'],
  terminal: Terminal,
  cwd: string,
): Promise<number> {
  const [{ setSecret }, { explain }] = await Promise.all([import('./secret'), import('../../platform/errors')]);
  if (input.isTTY) terminal.err.write('Value (end with Ctrl-D): ');
  try {
    return say(terminal.out, await setSecret(options, input, cwd), 0);
  } catch (error) {
    return say(terminal.err, explain(error), 2);
  }
}
