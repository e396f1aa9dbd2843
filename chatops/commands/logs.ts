import { z } from 'zod';
import { type CommandContext, defineCommand, type Reply } from '../command';
import { traceUrl } from '../links';
import { buttons, paragraph, preformatted, say, context as small } from '../slack/message';

interface Line {
  readonly at: Date | undefined;
  readonly instance: string;
  readonly severity: string;
  readonly text: string;
  readonly traceId: string | undefined;
}

export const logs = defineCommand({
  name: 'logs',
  short: true,
  usage: '<service> <env> [query...] [--limit N]',
  summary: 'The last log lines of a service, or those that hold some words',
  examples: ['logs bot stage', 'logs bot prod timeout', 'logs gateway stage "wrong signature" --limit 50'],
  role: 'viewer',
  changes: false,
  args: z.object({
    service: z.string(),
    env: z.string(),
    query: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(200).default(20),
  }),
  async run({ service, env, query, limit }, context) {
    const recorded = await fromTelemetry({ service, env, query, limit }, context);
    const lines =
      recorded.lines.length > 0 ? recorded.lines : await fromInstances({ service, env, query, limit }, context);
    return answer({ service, env, query }, lines, recorded.note, context);
  },
});

interface Wanted {
  readonly service: string;
  readonly env: string;
  readonly query: string | undefined;
  readonly limit: number;
}

/** Oldest first, as a log reads. A store that does not answer is a note, since the instances can still be asked. */
async function fromTelemetry(
  { service, env, query, limit }: Wanted,
  { telemetry, log }: CommandContext,
): Promise<{ lines: Line[]; note?: string }> {
  try {
    const found = await telemetry.logs({
      environment: env,
      service,
      limit,
      ...(query !== undefined && { text: query }),
    });
    const lines = found.reverse().map((document) => ({
      at: new Date(document['@timestamp']),
      instance: String(document.resource.attributes['service.instance.id'] ?? ''),
      severity: document.severity_text,
      text: document.body.text ?? JSON.stringify(document.body.structured ?? ''),
      traceId: document.trace_id,
    }));
    return { lines };
  } catch (error) {
    log.warn({ error }, 'The telemetry store could not be read');
    return { lines: [], note: 'The telemetry store does not answer; these lines come from the instances themselves.' };
  }
}

async function fromInstances({ service, env, query, limit }: Wanted, { fleet }: CommandContext): Promise<Line[]> {
  const wanted = (query ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = await fleet.logs(service, env, query === undefined ? limit : 1_000);
  return found
    .map(({ instance, line, at }) => ({ ...readLine(line), instance, at }))
    .filter(({ text }) => wanted.every((word) => text.toLowerCase().includes(word)))
    .slice(-limit);
}

/** Our programs log JSON; of it the sentence is shown. Anything else is shown as it is. */
function readLine(line: string): { text: string; severity: string; traceId: string | undefined } {
  try {
    const { msg, level, trace_id } = JSON.parse(line) as { msg?: unknown; level?: unknown; trace_id?: unknown };
    if (typeof msg === 'string')
      return { text: msg, severity: String(level ?? ''), traceId: typeof trace_id === 'string' ? trace_id : undefined };
  } catch {
    // not JSON
  }
  return { text: line, severity: '', traceId: undefined };
}

function answer(
  { service, env, query }: Omit<Wanted, 'limit'>,
  lines: readonly Line[],
  note: string | undefined,
  { publicUrl, typed }: CommandContext,
): Reply {
  const where = `${service} in ${env}`;
  const what = query === undefined ? '' : ` with "${query}"`;
  const notes = note === undefined ? [] : [note];
  if (lines.length === 0) {
    const hint = query === undefined ? typed(`status ${service} ${env}`) : typed(`logs ${service} ${env}`);
    return {
      message: say(`There are no log lines of ${where}${what}.`, [paragraph([...notes, `See ${hint}.`].join(' '))]),
      lines: [...notes, `See ${hint}.`],
      audience: 'asker',
      exit: 0,
      data: [],
    };
  }
  const shown = lines.map(({ at, severity, text }) =>
    `${at ? at.toISOString().slice(11, 23) : '            '} ${severity.toUpperCase().padEnd(5)} ${text}`.trimEnd(),
  );
  const traceId = [...lines].reverse().find((line) => line.traceId !== undefined)?.traceId;
  const trace =
    traceId === undefined ? [] : [{ text: 'Open trace', action: 'link:trace', url: traceUrl(publicUrl, traceId, env) }];
  return {
    message: say(`The last ${lines.length === 1 ? 'log line' : `${lines.length} log lines`} of ${where}${what}.`, [
      preformatted(newestThatFit(shown)),
      ...notes.map((sentence) => small(sentence)),
      ...buttons(trace),
    ]),
    lines: [...shown, ...notes, ...trace.map(({ url }) => `Trace of the last: ${url}`)],
    audience: 'asker',
    exit: 0,
    data: lines,
  };
}

/** A block holds 3,000 characters; when lines must go, the oldest do. */
function newestThatFit(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let size = 0;
  for (const line of [...lines].reverse()) {
    const short = line.slice(0, 400);
    size += short.length + 1;
    if (size > 2_900) break;
    kept.unshift(short);
  }
  return kept;
}
