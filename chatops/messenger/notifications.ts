import { createHmac, randomBytes } from 'node:crypto';

/** Bodies of webhook calls, as Facebook writes them. */

export const pageOf = (environment: string): string => `page-${environment}`;

export const newMid = (): string => `m_${randomBytes(32).toString('base64url')}`;

interface About {
  readonly environment: string;
  readonly student: string;
  readonly mid: string;
  readonly text: string;
  readonly at: Date;
}

/** A text, or with a payload the press of a quick reply. */
export function textNotification(about: About, payload: string | undefined): string {
  const { mid, text } = about;
  return notification(about, [
    { ...fromStudent(about), message: { mid, text, ...(payload !== undefined && { quick_reply: { payload } }) } },
  ]);
}

/** The press of a button that stays, such as “Get started”. */
export function postbackNotification(about: About, payload: string): string {
  return notification(about, [{ ...fromStudent(about), postback: { mid: about.mid, title: about.text, payload } }]);
}

/** What the page sent is shown back to its app, and in the same call that it was delivered. */
export function echoNotification(about: About, metadata: string | undefined): string {
  const { environment, student, mid, text, at } = about;
  const echo = { mid, text, is_echo: true, app_id: 1, ...(metadata !== undefined && { metadata }) };
  return notification(about, [
    { sender: { id: pageOf(environment) }, recipient: { id: student }, timestamp: at.getTime(), message: echo },
    { ...fromStudent(about), delivery: { mids: [mid], watermark: at.getTime() } },
  ]);
}

function fromStudent({ environment, student, at }: About): object {
  return { sender: { id: student }, recipient: { id: pageOf(environment) }, timestamp: at.getTime() };
}

function notification({ environment, at }: About, messaging: readonly object[]): string {
  return JSON.stringify({ object: 'page', entry: [{ id: pageOf(environment), time: at.getTime(), messaging }] });
}

export function signature(body: string, appSecret: string): string {
  return `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;
}
