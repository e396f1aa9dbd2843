import type { Pool } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import type { LearningEvent } from '../../platform/messages';
import { uploads as uploadsCounted } from '../../platform/metrics';
import { withoutTrace } from '../../platform/tracing';
import { TOO_OLD_MS, type Upload, uploadsFor } from './ga4';

export interface UploadOptions {
  readonly pool: Pool;
  readonly log: Logger;
  readonly endpoint: string;
  readonly measurementId: string;
  readonly apiSecret: string;
  readonly stopping?: AbortSignal;
  readonly now?: () => Date;
}

const CLAIMED_AT_ONCE = 200;
/** Longer than all requests of a claim may take; then another instance may try. */
const CLAIM_MS = 10 * 60_000;
const REQUEST_MS = 10_000;
const AT_ONCE = 4;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * Sends every waiting event to Google Analytics, at least once, with growing pauses after failures; events that GA4
 * would refuse as too old are dropped. Gives how many were accepted.
 */
export async function uploadWaiting(options: UploadOptions): Promise<number> {
  const { pool, log, stopping, now = () => new Date() } = options;
  const { rows: salts } = await pool.query<{ value: string }>('select value::text from analytics.salt');
  let accepted = 0;
  while (!stopping?.aborted) {
    await dropTooOld(options, now());
    const claimed = await claim(pool, now());
    const waiting = uploadsFor(
      claimed.map(({ body }) => body),
      salts[0]!.value,
    );
    const outcome = await sendAll(options, waiting);
    accepted += outcome.sent.length;
    await settle(pool, outcome, claimed, now());
    uploadsCounted.inc({ fate: 'accepted' }, outcome.sent.length);
    uploadsCounted.inc({ fate: 'failed' }, claimed.length - outcome.sent.length);
    if (outcome.problem !== undefined) {
      const events = claimed.length - outcome.sent.length;
      log.warn(
        { event: 'upload.failed', events, reason: outcome.problem },
        `Google Analytics did not take ${events} events: ${outcome.problem}`,
      );
      break;
    }
    if (claimed.length < CLAIMED_AT_ONCE) break;
  }
  if (accepted > 0) log.info({ event: 'upload.done', events: accepted }, `Google Analytics took ${accepted} events`);
  return accepted;
}

interface Claimed {
  readonly body: LearningEvent;
  readonly upload_attempts: number;
}

interface Outcome {
  readonly sent: string[];
  problem: string | undefined;
}

async function dropTooOld({ pool, log }: UploadOptions, now: Date): Promise<void> {
  const { rowCount } = await pool.query(
    'update analytics.events set upload_at = null where upload_at is not null and upload_at <= $1 and at < $2',
    [now, new Date(now.getTime() - TOO_OLD_MS)],
  );
  if (!rowCount) return;
  uploadsCounted.inc({ fate: 'dropped' }, rowCount);
  log.warn(
    { event: 'upload.failed', events: rowCount, reason: 'older than 72 hours' },
    `${rowCount} events are too old for Google Analytics`,
  );
}

async function claim(pool: Pool, now: Date): Promise<Claimed[]> {
  const { rows } = await pool.query<Claimed>(
    `update analytics.events as e set upload_at = $2, upload_attempts = e.upload_attempts + 1
     from (select id from analytics.events where upload_at <= $1 order by upload_at, id limit ${CLAIMED_AT_ONCE}
           for update skip locked) as due
     where e.id = due.id returning e.body, e.upload_attempts`,
    [now, new Date(now.getTime() + CLAIM_MS)],
  );
  return rows;
}

/** A few requests at once; after the first failure no more are begun, since the next ones would fare no better. */
async function sendAll(options: UploadOptions, waiting: readonly Upload[]): Promise<Outcome> {
  const outcome: Outcome = { sent: [], problem: undefined };
  const left = [...waiting];
  const hand = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      if (outcome.problem !== undefined || options.stopping?.aborted) return;
      const problem = await withoutTrace(() => send(options, next!.body));
      if (problem === undefined) outcome.sent.push(...next.ids);
      else outcome.problem = problem;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  return outcome;
}

/** Undefined when taken, else why not. The address holds the secret, so it appears in no text and in no trace. */
async function send({ endpoint, measurementId, apiSecret }: UploadOptions, body: string): Promise<string | undefined> {
  const address = new URL(endpoint);
  address.searchParams.set('measurement_id', measurementId);
  address.searchParams.set('api_secret', apiSecret);
  try {
    const response = await fetch(address, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error ? ((cause as { code?: string }).code ?? cause.name) : 'unknown';
    return `no answer from ${new URL(endpoint).host} (${code})`;
  }
}

async function settle(pool: Pool, { sent }: Outcome, claimed: readonly Claimed[], now: Date): Promise<void> {
  const done = new Set(sent);
  const failed = claimed.filter(({ body }) => !done.has(body.id));
  await pool.query('update analytics.events set upload_at = null where id = any ($1::text[])', [sent]);
  await pool.query(
    `update analytics.events as e set upload_at = f.at from unnest($1::text[], $2::timestamptz[]) as f (id, at) where e.id = f.id`,
    [
      failed.map(({ body }) => body.id),
      failed.map(({ upload_attempts }) => new Date(now.getTime() + pauseAfter(upload_attempts))),
    ],
  );
}

function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (Math.min(attempts, 10) - 1));
}
