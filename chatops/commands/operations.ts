import type { Operation, OperationRequest, Release } from '../../platform/fleet/fleet';
import type { CommandContext, Reply } from '../command';
import { paragraph, preformatted, say } from '../slack/message';
import { operationMessage } from '../slack/operation-message';

/** Begins an operation and answers with its message as it stands now; whoever sent it follows it from there. */
export async function begin(
  request: Omit<OperationRequest, 'requestedBy' | 'key' | 'origin'>,
  context: CommandContext,
): Promise<Reply> {
  const { fleet, actor, key, origin, publicUrl, now } = context;
  const operation = await fleet.request({ ...request, requestedBy: actor.name, key, origin });
  const subjects = await releasesOf(operation, context);
  return {
    message: operationMessage({ operation, ...subjects, publicUrl, now }),
    audience: 'channel',
    exit: 8,
    operation: operation.id,
  };
}

/** What would happen, without doing it. */
export async function planned(
  request: Omit<OperationRequest, 'requestedBy' | 'key' | 'origin'>,
  context: CommandContext,
): Promise<Reply> {
  const { fleet, actor, key } = context;
  const { from, to, steps } = await fleet.plan({ ...request, requestedBy: actor.name, key });
  const verb = request.kind === 'rollback' ? 'Rolling back' : 'Deploying';
  const sentence = `${verb} ${request.service} in ${request.environment} would go from ${from ? `release ${from.number}` : 'nothing'} to release ${to.number}. Nothing was done.`;
  const lines = [...change(from, to), ...steps.map((step, index) => `${index + 1}. ${step}`)];
  return {
    message: say(sentence, [
      paragraph(change(from, to).join('\n')),
      preformatted(steps.map((step, index) => `${index + 1}. ${step}`)),
    ]),
    lines,
    audience: 'asker',
    exit: 0,
    data: {
      service: request.service,
      environment: request.environment,
      from: from?.number ?? null,
      to: to.number,
      steps,
    },
  };
}

function change(from: Release | undefined, to: Release): string[] {
  const line = (word: string, release: Release) =>
    `${word} ${release.number}, ${release.commit.slice(0, 7)}, “${release.subject}” by ${release.author}`;
  return [...(from ? [line('From:', from)] : []), line('To:', to)];
}

/** The two releases of an operation, as far as they are still known. */
export async function releasesOf(
  operation: Pick<Operation, 'service' | 'from' | 'to'>,
  { fleet }: Pick<CommandContext, 'fleet'>,
): Promise<{ from?: Release; to?: Release }> {
  const all = await fleet.releases(operation.service, 500);
  const find = (number: number | undefined) => all.find(({ release }) => release.number === number)?.release;
  const from = find(operation.from);
  const to = find(operation.to);
  return { ...(from && { from }), ...(to && { to }) };
}
