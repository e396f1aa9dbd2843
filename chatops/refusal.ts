import type { Misread } from './arguments';
import type { Command, CommandContext, Reply, Suggestion } from './command';
import { traceUrl } from './links';
import { buttons, paragraph, preformatted, say, context as small } from './slack/message';
import { either } from './time';

/** `action_id` of the button that runs what was meant. */
export const RUN_ACTION = 'run';

/** Answers to what can not be carried out: seen by the asker alone, with what would do. */
export function misreadReply(
  command: Command,
  misread: Misread,
  offer: string | undefined,
  context: CommandContext,
): Reply {
  const { sentence, meant, could } = misread;
  const question = meant === undefined ? '' : ` Did you mean ${context.typed(meant)}?`;
  const usage = `Usage: ${context.typed(`${command.name} ${command.usage}`.trim())}`;
  const list = listed(could);
  return {
    message: say(`${sentence}${question}`, [
      small(usage),
      ...(list.length > 0 ? [preformatted(list)] : []),
      ...buttons(
        meant === undefined || offer === undefined
          ? []
          : [{ text: `Run ${context.typed(meant)}`, action: RUN_ACTION, value: offer }],
      ),
    ]),
    lines: [usage, ...list.map((line) => `  ${line}`)],
    audience: 'asker',
    exit: 2,
    data: { error: sentence, usage, ...(meant !== undefined && { meant }), could },
  };
}

export function unknownVerbReply(
  verb: string,
  meant: string | undefined,
  offer: string | undefined,
  context: CommandContext,
): Reply {
  const known = either(context.commands.map((command) => command.name));
  const sentence = verb === '' ? 'There was no command in it.' : `There is no command "${verb}".`;
  const question =
    meant === undefined
      ? ` The commands are ${known.replace(/ or /, ' and ')}.`
      : ` Did you mean ${context.typed(meant)}?`;
  return {
    message: say(`${sentence}${question}`, [
      small(`${context.typed('help')} tells what each does.`),
      ...buttons(
        meant === undefined || offer === undefined
          ? []
          : [{ text: `Run ${context.typed(meant)}`, action: RUN_ACTION, value: offer }],
      ),
    ]),
    lines: [`${context.typed('help')} tells what each does.`],
    audience: 'asker',
    exit: 2,
    data: { error: sentence, ...(meant !== undefined && { meant }) },
  };
}

/** `exit` 2: refused; nothing was changed. */
export function refusedReply(sentence: string, remedy: string): Reply {
  return {
    message: say(sentence, remedy === '' ? [] : [paragraph(remedy)]),
    lines: remedy === '' ? [] : [remedy],
    audience: 'asker',
    exit: 2,
    data: { error: sentence, remedy },
  };
}

/** A fault of ours: nothing about it is shown but where its trace is. */
export function internalErrorReply(publicUrl: string, traceId: string | undefined): Reply {
  const url = traceId === undefined ? undefined : traceUrl(publicUrl, traceId);
  return {
    message: say(
      'Internal error.',
      [
        paragraph('This is a fault of Edwin, not of yours. It is logged.'),
        ...buttons(url === undefined ? [] : [{ text: 'Open trace', action: 'link:trace', url }]),
      ],
      'bad',
    ),
    lines: url === undefined ? [] : [`Trace: ${url}`],
    audience: 'asker',
    exit: 1,
    data: { error: 'Internal error.', ...(url !== undefined && { trace: url }) },
  };
}

function listed(could: readonly Suggestion[]): string[] {
  const width = Math.max(0, ...could.map(({ value }) => value.length));
  return could.map(({ value, hint }) => `${value.padEnd(width)}  ${hint}`.trimEnd());
}
