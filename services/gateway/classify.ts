/**
 * What an answer of the Graph API means for a send. Codes:
 * https://developers.facebook.com/docs/messenger-platform/error-codes and …/docs/graph-api/overview/rate-limiting
 */
export type Verdict =
  /** Messenger has it. */
  | { readonly kind: 'sent'; readonly messageId: string }
  /** It was surely not sent, and this page must send less for a while. */
  | { readonly kind: 'limited'; readonly retryAfterMs: number | undefined; readonly why: string }
  /** It was surely not sent; the same call may succeed later. */
  | { readonly kind: 'retry'; readonly why: string }
  /** It did not leave in time, and was surely not sent. */
  | { readonly kind: 'late' }
  /** It may have been sent: settle that before it is repeated. */
  | { readonly kind: 'doubt'; readonly why: string }
  /** It never will be sent; the student's next reply is not affected. */
  | { readonly kind: 'permanent'; readonly code: string; readonly why: string }
  /** Messenger refuses this page or its token: nothing can be sent until a person acts. */
  | { readonly kind: 'token'; readonly why: string };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, or undefined when it was none. */
  readonly body: unknown;
}

/** Application, user, page and custom limits; 80006 is Messenger's own ("business use case"). */
const limits = new Set([4, 17, 32, 613, 80006]);
/** Session or token invalid, and the page blocked for a policy violation. */
const tokens = new Set([102, 190, 368, 463, 467]);
/** "Temporary send message failure": a definite no, unlike 1 and 2, which have followed messages that did arrive. */
const temporary = new Set([1200]);

export function classify({ status, headers, body }: Answer): Verdict {
  const error = errorOf(body);
  if (error === undefined) {
    const messageId = (body as { message_id?: unknown } | undefined)?.message_id;
    if (status === 200 && typeof messageId === 'string' && messageId !== '') return { kind: 'sent', messageId };
    if (status === 429) return { kind: 'limited', retryAfterMs: retryAfter(headers), why: 'HTTP 429' };
    if (status >= 400 && status < 500) return { kind: 'permanent', code: `http-${status}`, why: `HTTP ${status}` };
    return { kind: 'doubt', why: `HTTP ${status} without a message id` };
  }
  const { code, subcode, message } = error;
  const name = subcode === undefined ? `${code}` : `${code}/${subcode}`;
  const why = `${name} ${message}`.slice(0, 300);
  if (tokens.has(code) || status === 401) return { kind: 'token', why };
  if (limits.has(code) || status === 429) return { kind: 'limited', retryAfterMs: retryAfter(headers), why };
  if (temporary.has(code)) return { kind: 'retry', why };
  if (code === 1 || code === 2 || status >= 500) return { kind: 'doubt', why };
  return { kind: 'permanent', code: name, why };
}

/** A call that got no answer: `code` is Node's or of `call`. */
export function classifyFailure(code: string | undefined, message: string): Verdict {
  if (code === 'LATE') return { kind: 'late' };
  const why = code === undefined ? message : `${code} ${message}`;
  return code !== undefined && neverConnected.has(code) ? { kind: 'retry', why } : { kind: 'doubt', why };
}

const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'NOT_CONNECTED',
]);

function errorOf(body: unknown): { code: number; subcode: number | undefined; message: string } | undefined {
  const error = (body as { error?: { code?: unknown; error_subcode?: unknown; message?: unknown } } | null | undefined)
    ?.error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, error_subcode: subcode, message } = error;
  return {
    code: typeof code === 'number' ? code : 0,
    subcode: typeof subcode === 'number' ? subcode : undefined,
    message: typeof message === 'string' ? message : '',
  };
}

/** How long Messenger asks us to wait: `Retry-After` in seconds, else minutes in its usage header. */
function retryAfter(headers: Answer['headers']): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const minutes = [
    ...(headers['x-business-use-case-usage'] ?? '').matchAll(/"estimated_time_to_regain_access":\s*(\d+)/g),
  ].map(([, text]) => Number(text));
  const longest = Math.max(0, ...minutes);
  return longest > 0 ? longest * 60_000 : undefined;
}
