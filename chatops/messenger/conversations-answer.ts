import type { ChatMessage, Conversations } from './conversations';
import { pageOf } from './notifications';

const DEFAULT_LIMIT = 25;
const MOST = 100;

/** Answer of `GET /me/conversations` for one student: newest message first, with the fields that were asked for. */
export async function conversationsAnswer(
  conversations: Conversations,
  environment: string,
  student: string,
  fields: string,
): Promise<object> {
  const wanted = /messages(?:\.limit\((\d+)\))?(?:\{([^}]*)\})?/.exec(fields);
  const limit = Math.min(MOST, Number(wanted?.[1] ?? DEFAULT_LIMIT));
  const messages = await conversations.messages(environment, student, { limit: Math.max(1, limit) });
  if (messages.length === 0) return { data: [] };
  const names = (wanted?.[2] ?? 'id,created_time').split(',').map((name) => name.trim());
  const id = `t_${environment}_${student}`;
  const updated = graphTime(messages.at(-1)!.at);
  if (!wanted)
    return { data: [{ id, link: `/${pageOf(environment)}/inbox/${student}`, updated_time: updated }], paging: {} };
  const data = messages.reverse().map((message) => graphMessage(message, environment, names));
  return { data: [{ messages: { data, paging: {} }, id }], paging: {} };
}

function graphMessage(message: ChatMessage, environment: string, names: readonly string[]): object {
  const page = { name: pageOf(environment), id: pageOf(environment) };
  const person = { name: message.student, id: message.student };
  const fromPage = message.from === 'page';
  const all: Record<string, unknown> = {
    message: message.text,
    created_time: graphTime(message.at),
    from: fromPage ? page : person,
    to: { data: [fromPage ? person : page] },
  };
  return {
    ...Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name]])),
    id: message.mid,
  };
}

/** `2024-05-01T10:00:00+0000`: Facebook's times have no fractions. */
function graphTime(at: string): string {
  return `${at.slice(0, 19)}+0000`;
}
