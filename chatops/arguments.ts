import type { Command, CommandContext, Suggestion } from './command';
import { nearest } from './nearest';
import { normalised } from './parse';
import { standing } from './suggest';
import { either } from './time';
import { bind, parameters } from './usage';
import { namedRelease } from './version';

/** Why a command can not be carried out as it was typed, with what would do. */
export interface Misread {
  readonly sentence: string;
  /** The whole command, put right. */
  readonly meant?: string;
  /** What could stand at the place in question. */
  readonly could: readonly Suggestion[];
}

export type ReadArguments = { readonly values: Readonly<Record<string, string>> } | { readonly misread: Misread };

/**
 * Finds each word's place and checks names of services, environments and releases against what there is, so that no
 * command has to. Releases come out as numbers, names as they are written in the catalog.
 */
export async function readArguments(
  command: Command,
  given: readonly string[],
  context: CommandContext,
): Promise<ReadArguments> {
  const grammar = parameters(command.usage);
  const bound = bind(grammar, given);
  if ('problem' in bound) return { misread: await unfit(command, bound, given, context) };
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(bound.values)) {
    const known = await lookUp(name, value, values, context);
    if (known === undefined) {
      values[name] = value;
    } else if (known.is !== undefined) {
      values[name] = known.is;
    } else {
      return { misread: await unknownName(command, { name, value, values, known, given }, context) };
    }
  }
  const parsed = command.args.safeParse(values);
  if (parsed.success) return { values };
  const issue = parsed.error.issues[0]!;
  return { misread: { sentence: `${issue.path.join('.')}: ${issue.message}.`, could: [] } };
}

interface Known {
  readonly is: string | undefined;
  readonly all: readonly string[];
  readonly kind: string;
}

async function lookUp(
  name: string,
  value: string,
  before: Readonly<Record<string, string>>,
  { fleet }: CommandContext,
): Promise<Known | undefined> {
  const among = (all: readonly string[], kind: string): Known => ({
    all,
    kind,
    is: all.find((one) => one.toLowerCase() === value.toLowerCase()),
  });
  if (name === 'service') return among(fleet.services, 'service');
  if (name === 'env') return among(fleet.environments, 'environment');
  if (name !== 'version' && name !== 'release') return undefined;
  const service = before['service'];
  if (service === undefined) return undefined;
  const all = (await fleet.releases(service, 500)).map(({ release }) => release);
  const release = namedRelease(value, all);
  return {
    is: release && String(release.number),
    all: all.map(({ number }) => String(number)),
    kind: `release of ${service}`,
  };
}

async function unknownName(
  command: Command,
  {
    name,
    value,
    values,
    known,
    given,
  }: { name: string; value: string; values: Record<string, string>; known: Known; given: readonly string[] },
  context: CommandContext,
): Promise<Misread> {
  const meant = known.kind.startsWith('release') ? undefined : nearest(value, known.all);
  const could = (await standing(command, name, values, context)).slice(0, 10);
  const none =
    known.all.length === 0 ? ` There is none yet: ${context.typed(`build ${values['service'] ?? ''}`.trim())}` : '';
  const sentence = `There is no ${known.kind} "${value}".${none}`;
  if (meant === undefined) return { sentence, could };
  return { sentence, could, meant: normalised(command.name, replaceWord(given, value, meant)) };
}

async function unfit(
  command: Command,
  bound: Extract<ReturnType<typeof bind>, { problem: string }>,
  given: readonly string[],
  context: CommandContext,
): Promise<Misread> {
  if (bound.problem === 'missing') {
    const could = (await standing(command, bound.name, bound.values, context)).slice(0, 10);
    return {
      sentence: `${context.typed(normalised(command.name, given))} needs ${needed[bound.name] ?? `<${bound.name}>`}.`,
      could,
    };
  }
  if (bound.problem === 'too-many') return { sentence: `"${bound.word}" is one word too many.`, could: [] };
  if (bound.problem === 'no-value') return { sentence: `${bound.word} needs a value.`, could: [] };
  const options = parameters(command.usage)
    .filter((parameter) => parameter.kind !== 'positional')
    .map((parameter) => `--${parameter.name}`);
  const is = options.length === 0 ? `${command.name} has no options` : `${command.name} knows ${either(options)}`;
  const meant = nearest(bound.word, options);
  return {
    sentence: `There is no option ${bound.word}; ${is}.`,
    could: [],
    ...(meant && { meant: normalised(command.name, replaceWord(given, bound.word, meant)) }),
  };
}

const needed: Readonly<Record<string, string>> = {
  service: 'a service',
  env: 'an environment',
  command: 'a command',
  release: 'a release',
};

function replaceWord(given: readonly string[], wrong: string, right: string): string[] {
  const at = given.indexOf(wrong);
  return given.map((word, index) => (index === at ? right : word));
}
