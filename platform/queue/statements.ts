import { liveSessions } from '../database/listen';

/** Stores messages in the order given; ids that are stored already are passed over. Wakes consumers if any is new. */
export const store = `
WITH stored AS (
  INSERT INTO queue.messages (queue, id, body, headers)
  SELECT queue, id, body::json, headers::json
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS new (queue, id, body, headers, nth)
   ORDER BY nth
  ON CONFLICT (queue, id) DO NOTHING
  RETURNING queue
)
SELECT pg_notify('queue.' || queue, '') FROM (SELECT DISTINCT queue FROM stored) AS woken`;

/**
 * Gives up deliveries that are done, gives back those that failed, and takes the next: one round trip for all three.
 * $1 queue, $2 session, $3 lease in seconds, $4 how many to take, $5 positions and $6 attempts of those done,
 * $7 positions, $8 attempts and $9 pauses in seconds (infinite: dead) of those that failed.
 */
export const exchange = `
WITH done AS (
  DELETE FROM queue.messages AS m USING unnest($5::bigint[], $6::int[]) AS d (position, attempt)
   WHERE m.position = d.position AND m.attempt = d.attempt
), failed AS (
  UPDATE queue.messages AS m
     SET holder = NULL,
         visible_at = CASE WHEN f.pause = 'infinity' THEN 'infinity'
                           ELSE clock_timestamp() + make_interval(secs => f.pause) END
    FROM unnest($7::bigint[], $8::int[], $9::float8[]) AS f (position, attempt, pause)
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

/** $1 queue */
export const depth = `
SELECT count(*) FILTER (WHERE visible_at < 'infinity' AND (holder IS NULL OR visible_at <= now()))::int AS ready,
       count(*) FILTER (WHERE visible_at < 'infinity' AND holder IS NOT NULL AND visible_at > now())::int AS unacknowledged,
       count(*) FILTER (WHERE visible_at = 'infinity')::int AS dead,
       extract(epoch FROM now() - min(published_at)
         FILTER (WHERE visible_at < 'infinity' AND (holder IS NULL OR visible_at <= now())))::float8 AS oldest
  FROM queue.messages WHERE queue = $1`;
