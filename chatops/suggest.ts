import type { Release, ServiceStatus } from '../platform/fleet/fleet';
import type { Command, CommandContext, Suggestion } from './command';
import { age } from './time';
import { bind, type Parameter, parameters } from './usage';

/** What could stand at the place `name` of a command: its own answer, else what everyone knows of that name. */
export async function standing(
  command: Command,
  name: string,
  given: Readonly<Record<string, string>>,
  context: CommandContext,
): Promise<Suggestion[]> {
  const own = await command.suggest?.(name, given, context);
  if (own) return own;
  if (name === 'service') return services(await context.fleet.status(), context);
  if (name === 'env')
    return environments(await context.fleet.status(given['service'] ? { service: given['service'] } : {}), context);
  if ((name === 'version' || name === 'release') && given['service']) return releases(given['service'], context);
  return [];
}

function services(board: readonly ServiceStatus[], { fleet }: CommandContext): Suggestion[] {
  return fleet.services.map((value) => {
    const serving = board.filter((cell) => cell.service === value && cell.serving);
    const hint = serving.map((cell) => `${cell.environment} ${cell.serving!.number}`).join(', ');
    return { value, hint: hint === '' ? 'not deployed yet' : hint };
  });
}

function environments(board: readonly ServiceStatus[], { fleet, now }: CommandContext): Suggestion[] {
  return fleet.environments.map((value) => {
    const cells = board.filter((cell) => cell.environment === value && cell.serving);
    const [only] = cells;
    if (only && new Set(board.map((cell) => cell.service)).size === 1) {
      return {
        value,
        hint: `release ${only.serving!.number}${only.servingSince ? `, since ${age(only.servingSince, now)}` : ''}`,
      };
    }
    return { value, hint: cells.length === 0 ? 'nothing serves there' : `${cells.length} services` };
  });
}

async function releases(service: string, { fleet, now }: CommandContext): Promise<Suggestion[]> {
  const list = await fleet.releases(service, 10);
  return list.map(({ release, serving }) => ({ value: String(release.number), hint: describe(release, serving, now) }));
}

/** “Ask fewer placement items”, 38 min, serves in stage. */
function describe(release: Release, serving: readonly string[], now: Date): string {
  const where = serving.length > 0 ? `, serves in ${serving.join(' and ')}` : '';
  return `“${release.subject}”, ${age(release.createdAt, now)}${where}`;
}

/** A suggestion for a whole text: `value` is the text, `word` its last word. */
export interface Completion extends Suggestion {
  readonly word: string;
}

/**
 * Completes a text whose verb is known. `head` is everything that stands before the word being typed (as typed, with
 * a space at its end), `before` the words of it after the verb, `partial` the beginning of the word being typed.
 */
export async function completions(
  command: Command,
  { head, before, partial }: { head: string; before: readonly string[]; partial: string },
  context: CommandContext,
): Promise<Completion[]> {
  const grammar = parameters(command.usage);
  const offer = (list: readonly Suggestion[]): Completion[] =>
    list
      .filter(({ value }) => value.toLowerCase().startsWith(partial.toLowerCase()))
      .map(({ value, hint }) => ({ value: `${head}${value}`, word: value, hint }));
  if (partial.startsWith('-')) return offer(options(grammar, before));
  const bound = bind(grammar, before);
  const values = 'values' in bound ? bound.values : undefined;
  const place = values && nextPlace(grammar, values);
  if (!place || !values) return [];
  const found = offer(await standing(command, place.name, values, context));
  return found.length > 0 || place.required || partial !== '' ? found : offer(options(grammar, before));
}

function options(grammar: readonly Parameter[], before: readonly string[]): Suggestion[] {
  return grammar
    .filter((parameter) => parameter.kind !== 'positional' && !before.includes(`--${parameter.name}`))
    .map((parameter) => ({ value: `--${parameter.name}`, hint: 'option' }));
}

function nextPlace(grammar: readonly Parameter[], values: Readonly<Record<string, string>>): Parameter | undefined {
  return grammar.find(
    (parameter) => parameter.kind === 'positional' && (parameter.rest || values[parameter.name] === undefined),
  );
}
