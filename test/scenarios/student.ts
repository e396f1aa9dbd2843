import { until } from '../until';

export interface ChatMessage {
  readonly from: 'student' | 'page';
  readonly text: string;
  /** Trace id of the message's way through the services. */
  readonly trace?: string;
}

/**
 * Writes to the bot of an environment as a student at the local Messenger, and waits for its one answer. `cookie` is the
 * page's session, where the page has a key.
 */
export async function ask(
  url: string,
  environment: string,
  student: string,
  text: string,
  cookie = '',
): Promise<{ sent: ChatMessage; answer: ChatMessage }> {
  const address = `${url}/messenger/${environment}/students/${student}/messages`;
  const before = await messagesOf(address, cookie);
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ text }),
  });
  if (response.status !== 201) throw new Error(`${address}: ${response.status} ${await response.text()}`);
  let later: ChatMessage[] = [];
  await until(
    async () => {
      later = (await messagesOf(address, cookie)).slice(before.length);
      return later.some((message) => message.from === 'page');
    },
    { withinMs: 20_000, what: `an answer to "${text}" in ${environment}` },
  );
  const [sent, answer] = [
    later.find((message) => message.from === 'student'),
    later.find((message) => message.from === 'page'),
  ];
  return { sent: sent as ChatMessage, answer: answer as ChatMessage };
}

async function messagesOf(address: string, cookie: string): Promise<ChatMessage[]> {
  const answer = await fetch(`${address}?limit=1000`, { headers: { cookie } });
  return ((await answer.json()) as { messages: ChatMessage[] }).messages;
}
