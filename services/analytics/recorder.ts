import { type Pool, transaction } from '../../platform/database/postgres';
import type { Graph } from '../../platform/graph/graph';
import type { Logger } from '../../platform/log';
import type { LearningEvent } from '../../platform/messages';
import { outsideTrace } from '../../platform/tracing';
import { factOf } from './events';

const BATCH = 500;
const LOOK_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

export interface Recorder {
  /** Say it after a commit: facts wait. */
  poke(): void;
  /** For `addHealthNote`: a sentence while the graph takes nothing. */
  readonly problem: () => string | undefined;
  stop(): Promise<void>;
}

/** Brings stored facts into the graph, at least once; while the graph is away they wait, and nothing else does. */
export function startRecorder(pool: Pool, graph: Graph, log: Logger): Recorder {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let stopped = false;

  const work = async (): Promise<void> => {
    try {
      let recorded: number;
      do {
        again = false;
        recorded = await recordBatch(pool, graph);
        if (failures > 0) log.info({}, 'The graph takes facts again');
        failures = 0;
      } while (!stopped && (again || recorded === BATCH));
    } catch (error) {
      if (failures++ === 0) log.warn({ error }, 'The graph takes no facts; they wait');
    }
    working = undefined;
    const pause = Math.min(LONGEST_PAUSE_MS, LOOK_MS * 2 ** Math.min(failures, 5));
    if (!stopped) timer = setTimeout(run, pause);
  };
  const run = (): void => {
    clearTimeout(timer);
    working ??= outsideTrace(work);
  };

  run();
  return {
    poke: () => {
      again = true;
      if (!stopped && failures === 0) run();
    },
    problem: () => (failures > 1 ? 'the graph takes no facts; they wait' : undefined),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}

/** Gives how many facts were recorded. Several instances take different ones. */
export async function recordBatch(pool: Pool, graph: Graph): Promise<number> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; body: LearningEvent }>(
      `select id, body from analytics.events where graph_pending order by stored_at limit ${BATCH} for update skip locked`,
    );
    if (rows.length === 0) return 0;
    await graph.record(rows.map(({ body }) => factOf(body)).filter((fact) => fact !== undefined));
    await client.query('update analytics.events set graph_pending = false where id = any ($1::text[])', [
      rows.map(({ id }) => id),
    ]);
    return rows.length;
  });
}
