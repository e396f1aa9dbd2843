import { liveSessions } from '../database/listen';

/** Stores messages in the order given; ids that are stored already are passed over. Wakes consumers if any is new; tells how many were. */
export const store = `
WITH stored AS (
  INSERT INTO queue.messages (queue, id, body, headers)
  SELECT queue, id, body::json, headers::json
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS new (queue, id, body, headers, nth)
   ORDER BY nth
  ON CONFLICT (queue, id) DO NOTHING
  RETURNING queue
)
SELECT queue, count(*)::int AS count, pg_notify('queue.' || queue, '') FROM stored GROUP BY queue`;

/**
 * Gives up deliveries that are done, gives back those that failed, and takes the next: one round trip for all three.
 * $1 queue, $2 session, $3 lease in seconds, $4 how many to take, $5 positions and $6 attempts of those done,
 * $7 positions, $8 attempts, $9 pauses in seconds (infinite: dead) and $10 reasons of those that failed.
 */
export const exchange = `
WITH done AS (
  DELETE FROM queue.messages AS m USING unnest($5::bigint[], $6::int[]) AS d (position, attempt)
   WHERE m.position = d.position AND m.attempt = d.attempt
), failed AS (
  UPDATE queue.messages AS m
     SET holder = NULL,
         visible_at = CASE WHEN f.pause = 'infinity' THEN 'infinity'
                           ELSE clock_timestamp() + make_interval(secs => f.pause) END,
         died_at = CASE WHEN f.pause = 'infinity' THEN clock_timestamp() END,
         reason = CASE WHEN f.pause = 'infinity' THEN f.reason END
    FROM unnest($7::bigint[], $8::int[], $9::float8[], $10::text[]) AS f (position, attempt, pause, reason)
   WHERE m.position = f.position AND m.attempt = f.attempt
), next AS (
  SELECT position FROM queue.messages
   WHERE queue = $1 AND visible_at <= clock_timestamp() AND position <> ALL ($5) AND position <> ALL ($7)
   ORDER BY visible_at, position
   LIMIT $4
   FOR UPDATE SKIP LOCKED
)
UPDATE queue.messages AS m
   SET attempt = attempt + 1, holder = $2, visible_at = clock_timestamp() + make_interval(secs => $3)
  FROM next
 WHERE m.position = next.position
RETURNING m.position, m.id, m.body, m.headers, m.attempt, m.published_at,
          extract(epoch FROM clock_timestamp() - m.published_at)::float8 AS age`;

/** Keeps deliveries for another lease. $1 session, $2 lease in seconds, $3 positions, $4 attempts. */
export const renew = `
UPDATE queue.messages AS m
   SET holder = $1, visible_at = clock_timestamp() + make_interval(secs => $2)
  FROM unnest($3::bigint[], $4::int[]) AS mine (position, attempt)
 WHERE m.position = mine.position AND m.attempt = mine.attempt AND m.visible_at < 'infinity'`;

/**
 * Frees the messages of consumers whose connection is gone, after a first loss at once and in their old place, later
 * after a pause (a message may be what kills its consumers). Tells how many seconds until the next message may be
 * delivered and whether other consumers have messages that may have to be freed. $1 queue, $2 own session.
 */
export const look = `
WITH live AS MATERIALIZED (${liveSessions}),
held AS (
  SELECT position, holder FROM queue.messages
   WHERE queue = $1 AND visible_at > clock_timestamp() AND visible_at < 'infinity' AND holder IS NOT NULL
), lost AS (
  SELECT m.position FROM queue.messages AS m JOIN held USING (position)
   WHERE m.holder = held.holder AND held.holder NOT IN (SELECT * FROM live)
     FOR UPDATE OF m SKIP LOCKED
), freed AS (
  UPDATE queue.messages AS m
     SET holder = NULL,
         visible_at = CASE WHEN m.attempt = 1 THEN m.published_at
           ELSE clock_timestamp() + make_interval(secs => least(30, 0.1 * 2 ^ least(m.attempt - 1, 20))) END
    FROM lost WHERE m.position = lost.position
  RETURNING m.position
)
SELECT (SELECT count(*)::int FROM freed) AS freed,
       EXISTS (SELECT FROM held WHERE holder <> $2) AS others,
       (SELECT extract(epoch FROM visible_at - clock_timestamp())::float8 FROM queue.messages
         WHERE queue = $1 AND visible_at < 'infinity' ORDER BY visible_at, position LIMIT 1) AS due`;

/** $1 queue; rates are those of the last ten seconds, see tally.ts. */
export const depth = `
WITH tally AS (
  SELECT sum(arrived)::float8 / 10 AS arrived, sum(settled)::float8 / 10 AS settled
    FROM queue.tallies WHERE queue = $1 AND at > now() - interval '10 seconds'
)
SELECT count(*) FILTER (WHERE visible_at < 'infinity' AND (holder IS NULL OR visible_at <= now()))::int AS ready,
       count(*) FILTER (WHERE visible_at < 'infinity' AND holder IS NOT NULL AND visible_at > now())::int AS unacknowledged,
       count(*) FILTER (WHERE visible_at = 'infinity')::int AS dead,
       extract(epoch FROM now() - min(published_at)
         FILTER (WHERE visible_at < 'infinity' AND (holder IS NULL OR visible_at <= now())))::float8 AS oldest,
       (SELECT coalesce(arrived, 0) FROM tally) AS arrived, (SELECT coalesce(settled, 0) FROM tally) AS settled
  FROM queue.messages WHERE queue = $1`;

/** Keeps what one process published and settled since its last tally. $1 queues, $2 arrived, $3 settled. */
export const keepTally = `
WITH old AS (DELETE FROM queue.tallies WHERE at < now() - interval '1 minute')
INSERT INTO queue.tallies (queue, arrived, settled) SELECT * FROM unnest($1::text[], $2::int[], $3::int[])`;

/** $1 beginning of the names */
export const deadQueues = `
SELECT DISTINCT queue FROM queue.messages WHERE visible_at = 'infinity' AND starts_with(queue, $1) ORDER BY queue`;

/** $1 queue, $2 how many at most */
export const listDead = `
SELECT id, body, headers, attempt, published_at AS "publishedAt", died_at AS "diedAt", reason FROM queue.messages
 WHERE queue = $1 AND visible_at = 'infinity' ORDER BY died_at, position LIMIT $2`;

/** $1 queue, $2 ids, null: all */
export const replayDead = `
WITH replayed AS (
  UPDATE queue.messages SET attempt = 0, visible_at = clock_timestamp(), died_at = NULL, reason = NULL
   WHERE queue = $1 AND visible_at = 'infinity' AND ($2::text[] IS NULL OR id = ANY ($2))
  RETURNING 1
)
SELECT count(*)::int AS count, pg_notify('queue.' || $1, '') FROM replayed`;

/** $1 queue, $2 ids, null: all */
export const dropDead = `
DELETE FROM queue.messages WHERE queue = $1 AND visible_at = 'infinity' AND ($2::text[] IS NULL OR id = ANY ($2))`;
