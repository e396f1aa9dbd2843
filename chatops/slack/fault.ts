import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

/**
 * What a failed call to Slack means for the caller:
 * - `limited`: nothing of this kind before `retryMs` have passed
 * - `away`: Slack can not be reached or is ill; the same call may succeed later
 * - `gone`: the message or channel is not there any more, or not ours; never again
 * - `form`: this workspace does not take one of the blocks; say it plainly
 * - `refused`: tokens or rights are missing; a person has to act
 */
export type Fault =
  | { readonly kind: 'limited'; readonly retryMs: number }
  | { readonly kind: 'away' | 'gone' | 'form' | 'refused'; readonly why: string };

export function faultOf(error: unknown): Fault {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'limited', retryMs: Math.max(1, error.retryAfter) * 1_000 };
  if (error instanceof WebAPIPlatformError) return { kind: kindOf(error.data.error), why: error.data.error };
  if (error instanceof WebAPIHTTPError) return { kind: 'away', why: `HTTP ${error.statusCode}` };
  if (error instanceof WebAPIRequestError) return { kind: 'away', why: error.message };
  return { kind: 'away', why: error instanceof Error ? error.message : String(error) };
}

function kindOf(code: string): 'away' | 'gone' | 'form' | 'refused' {
  if (gone.has(code)) return 'gone';
  if (form.has(code)) return 'form';
  return away.has(code) ? 'away' : 'refused';
}

const gone = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'thread_not_found',
  'user_not_in_channel',
]);
const form = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'too_many_attachments',
  'invalid_attachments',
]);
const away = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'team_added_to_org',
]);
