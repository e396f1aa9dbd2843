import { type Pool, transaction } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';

const aggregate = `
  insert into analytics.daily (day, level, learners, answers, correct, median_ms, sessions, placements, computed_at)
  select $1::date, coalesce(level, 'all'), count(distinct student),
    count(*) filter (where kind = 'item.answered'),
    count(*) filter (where kind = 'item.answered' and (body ->> 'correct')::boolean),
    percentile_cont(0.5) within group (order by (body ->> 'ms')::float8) filter (where kind = 'item.answered'),
    count(*) filter (where kind = 'session.started'),
    count(*) filter (where kind = 'student.placed'),
    now()
  from analytics.events
  where at >= $1::date::timestamp at time zone 'UTC' and at < ($1::date + 1)::timestamp at time zone 'UTC'
  group by grouping sets ((), (level))
  having grouping(level) = 1 or level is not null
  on conflict (day, level) do update set learners = excluded.learners, answers = excluded.answers,
    correct = excluded.correct, median_ms = excluded.median_ms, sessions = excluded.sessions,
    placements = excluded.placements, computed_at = excluded.computed_at`;

/**
 * Counts again every day that got events since it was counted, from all its events; so it does not matter how often
 * or in what order they came. Gives how many days that were.
 */
export async function aggregateDays(pool: Pool, log: Logger): Promise<number> {
  for (let days = 0; ; days++) {
    const day = await transaction(pool, async (client) => {
      const { rows } = await client.query<{ day: string }>(
        `delete from analytics.stale_days where day =
           (select day from analytics.stale_days order by day limit 1 for update skip locked) returning day::text`,
      );
      if (rows[0]) await client.query(aggregate, [rows[0].day]);
      return rows[0]?.day;
    });
    if (day === undefined) return days;
    log.info({ event: 'aggregate.stored', day }, `The aggregates of ${day} are stored`);
  }
}
