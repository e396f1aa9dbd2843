import { type Pool, transaction } from '../../platform/database/postgres';
import type { LearningFact } from '../../platform/graph/graph';
import type { LearningEvent } from '../../platform/messages';

/** Keeps events; those kept before are ignored. `upload` marks them for Google Analytics. */
export async function storeEvents(pool: Pool, events: readonly LearningEvent[], upload: boolean): Promise<void> {
  const once = [...new Map(events.map((event) => [event.id, event])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ day: string }>({
      name: 'analytics.store',
      text: `with stored as (
          insert into analytics.events (id, student, at, kind, level, body, graph_pending, upload_at)
          select id, student, at, kind, level, body::jsonb, pending, case when $8 then now() end
          from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::boolean[])
            as e (id, student, at, kind, level, body, pending)
          on conflict do nothing returning at)
        select distinct (at at time zone 'UTC')::date::text as day from stored order by day`,
      values: [
        once.map(({ id }) => id),
        once.map(({ student }) => student),
        once.map(({ at }) => at),
        once.map(({ kind }) => kind),
        once.map((event) => ('level' in event ? event.level : null)),
        once.map((event) => JSON.stringify(event)),
        once.map((event) => factOf(event) !== undefined),
        upload,
      ],
    });
    if (rows.length === 0) return;
    // Updating, not ignoring, a day that is stale already: its lock makes the aggregation wait for these events.
    await client.query(
      `insert into analytics.stale_days (day, touched_at) select day::date, now() from unnest($1::text[]) as d (day)
       on conflict (day) do update set touched_at = now()`,
      [rows.map(({ day }) => day)],
    );
  });
}

/** What the graph learns from an event, if anything. */
export function factOf(event: LearningEvent): LearningFact | undefined {
  const common = { id: event.id, at: new Date(event.at), learner: event.student };
  if (event.kind === 'student.placed') return { kind: 'learner', ...common, level: event.level };
  if (event.kind !== 'item.answered') return undefined;
  const { item, skill, level, correct, ms } = event;
  return { kind: 'answer', ...common, item, skill, level, correct, ms };
}
