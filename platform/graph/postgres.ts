import { join } from 'node:path';
import { migrate } from '../database/migrate';
import { asPortError, openPool, type Pool, whereOf } from '../database/postgres';
import { countCalls } from './calls';
import type { DayLevel, Graph, ItemSummary, LearnerSummary, LearningFact } from './graph';

/** Facts of one statement, which are sorted by id, so that two that record the same facts never wait for each other. */
const STATEMENT_ROWS = 1_000;

type Fact<K extends LearningFact['kind']> = Extract<LearningFact, { kind: K }>;

const LIMIT_MS = 30_000;

/** Facts in two tables of schema `graph`. A call waits at most `limitMs`, and a second more where the server hangs. */
export async function openPostgresGraph(url: string, { limitMs = LIMIT_MS } = {}): Promise<Graph> {
  const where = whereOf(url);
  const pool = openPool(url, {
    statement_timeout: limitMs,
    query_timeout: limitMs + 1_000,
    connectionTimeoutMillis: Math.min(10_000, limitMs),
    application_name: 'graph',
  });
  const calls = countCalls(where);
  const guarded = <T>(work: () => Promise<T>): Promise<T> =>
    calls.run(() =>
      work().catch((error: unknown) => {
        throw asPortError(error, 'graph', where);
      }),
    );
  try {
    await guarded(() => migrate(pool, join(__dirname, 'migrations'), 'graph'));
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    record: (facts) => guarded(() => record(pool, facts)),
    learner: (id) => guarded(() => readLearner(pool, id)),
    hardestItems: (options) => guarded(() => readHardestItems(pool, options)),
    day: (date) => guarded(() => readDay(pool, date)),
    async close() {
      await calls.close();
      if (!pool.ending) await pool.end();
    },
  };
}

async function record(pool: Pool, facts: readonly LearningFact[]): Promise<void> {
  for (let from = 0; from < facts.length; from += STATEMENT_ROWS) {
    const some = facts.slice(from, from + STATEMENT_ROWS);
    await recordLearners(
      pool,
      some.filter((fact) => fact.kind === 'learner'),
    );
    await recordAnswers(
      pool,
      some.filter((fact) => fact.kind === 'answer'),
    );
  }
}

async function recordLearners(pool: Pool, facts: readonly Fact<'learner'>[]): Promise<void> {
  if (facts.length === 0) return;
  await pool.query(
    `INSERT INTO graph.learners (id, at, learner, level)
     SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) ORDER BY 1 ON CONFLICT DO NOTHING`,
    [
      facts.map(({ id }) => id),
      facts.map(({ at }) => at),
      facts.map(({ learner }) => learner),
      facts.map(({ level }) => level),
    ],
  );
}

async function recordAnswers(pool: Pool, facts: readonly Fact<'answer'>[]): Promise<void> {
  if (facts.length === 0) return;
  await pool.query(
    `INSERT INTO graph.answers (id, at, learner, item, skill, level, correct, ms)
     SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
       $7::boolean[], $8::bigint[]) ORDER BY 1 ON CONFLICT DO NOTHING`,
    [
      facts.map(({ id }) => id),
      facts.map(({ at }) => at),
      facts.map(({ learner }) => learner),
      facts.map(({ item }) => item),
      facts.map(({ skill }) => skill),
      facts.map(({ level }) => level),
      facts.map(({ correct }) => correct),
      facts.map(({ ms }) => Math.round(ms)),
    ],
  );
}

async function readLearner(pool: Pool, id: string): Promise<LearnerSummary | undefined> {
  const newest = await pool.query<{ level: string }>(
    'SELECT level FROM graph.learners WHERE learner = $1 ORDER BY at DESC, id DESC LIMIT 1',
    [id],
  );
  const skills = await pool.query<{ skill: string; answers: number; correct: number; median: number }>(
    `SELECT skill, count(*)::int AS answers, (count(*) FILTER (WHERE correct))::int AS correct,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS median
     FROM graph.answers WHERE learner = $1 GROUP BY skill ORDER BY skill`,
    [id],
  );
  if (newest.rows.length === 0 && skills.rows.length === 0) return undefined;
  return {
    learner: id,
    level: newest.rows[0]?.level,
    answers: skills.rows.reduce((sum, { answers }) => sum + answers, 0),
    skills: skills.rows.map(({ skill, answers, correct, median }) => ({ skill, answers, correct, medianMs: median })),
  };
}

async function readHardestItems(
  pool: Pool,
  { skill, minAnswers, limit }: Parameters<Graph['hardestItems']>[0],
): Promise<ItemSummary[]> {
  const { rows } = await pool.query<ItemSummary>(
    `SELECT item, skill, count(*)::int AS answers,
       (count(*) FILTER (WHERE correct))::float8 / count(*) AS "correctShare"
     FROM graph.answers WHERE $1::text IS NULL OR skill = $1
     GROUP BY item, skill HAVING count(*) >= $2
     ORDER BY 4, item, skill LIMIT $3`,
    [skill ?? null, minAnswers, limit],
  );
  return rows;
}

async function readDay(pool: Pool, date: string): Promise<DayLevel[]> {
  const start = new Date(`${date}T00:00:00.000Z`);
  const { rows } = await pool.query<DayLevel>(
    `SELECT level, count(DISTINCT learner)::int AS learners, count(*)::int AS answers,
       (count(*) FILTER (WHERE correct))::int AS correct
     FROM graph.answers WHERE at >= $1 AND at < $2 GROUP BY level ORDER BY level`,
    [start, new Date(start.getTime() + 86_400_000)],
  );
  return rows;
}
