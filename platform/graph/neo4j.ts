import { readFileSync } from 'node:fs';
import neo4j, { type Config, type Driver } from 'neo4j-driver';
import { countCalls } from './calls';
import type { DayLevel, Graph, ItemSummary, LearnerSummary, LearningFact } from './graph';
import { asGraphError, withinLimit } from './neo4j-limits';
import * as cypher from './neo4j-statements';

export interface Neo4jGraphOptions {
  /** Longest wait for one call, reconnecting included, in milliseconds. Default 20 s. */
  readonly limitMs?: number;
}

/** Facts of one transaction. They are sorted, so that two that record the same facts rarely wait for each other. */
const TRANSACTION_FACTS = 500;
const LIMIT_MS = 20_000;

type Parameters = Readonly<Record<string, unknown>>;
type Row = Record<string, unknown>;

/**
 * Facts as nodes and relationships of a Neo4j 5 server. An environment is a server of its own: the community edition
 * has one database and no roles.
 *
 * @param url `bolt://`, `neo4j://`, `bolt+s://` or `neo4j+s://user:password@host:port`; `?ca=FILE` trusts the authority
 * of that certificate (with `bolt://` or `neo4j://`, which then are encrypted); `?database=NAME` names the database
 */
export async function openNeo4jGraph(url: string, { limitMs = LIMIT_MS }: Neo4jGraphOptions = {}): Promise<Graph> {
  const address = new URL(url);
  const where = address.host;
  const database = address.searchParams.get('database') ?? 'neo4j';
  const calls = countCalls(where);
  let driver: Driver | undefined;

  const attempt = async <T>(work: (driver: Driver, signal: AbortSignal) => Promise<T>): Promise<T> => {
    driver ??= openDriver(address, limitMs);
    const used = driver;
    const givenUp = new AbortController();
    /** A driver whose connections hang is left behind, and nothing is tried again: the next call begins with a new one. */
    const hung = (): void => {
      if (driver === used) driver = undefined;
      givenUp.abort();
      void used.close().catch(() => undefined);
    };
    try {
      return await withinLimit(work(used, givenUp.signal), { limitMs, where, hung });
    } catch (error) {
      throw asGraphError(error, where);
    }
  };

  const guarded = <T>(work: (driver: Driver, signal: AbortSignal) => Promise<T>): Promise<T> =>
    calls.run(() => attempt(work));
  const write = (statement: string, facts: readonly Parameters[]): Promise<void> =>
    guarded(async (used, signal) => {
      await used.executeQuery(statement, { facts }, { database, signal, routing: neo4j.routing.WRITE });
    });
  const read = (statement: string, parameters: Parameters): Promise<Row[]> =>
    guarded(async (used, signal) => {
      const config = { database, signal, routing: neo4j.routing.READ };
      const { records } = await used.executeQuery(statement, parameters, config);
      return records.map((record) => record.toObject());
    });

  const graph: Graph = {
    async record(facts) {
      const sorted = facts.map(factOf).sort(byPlace);
      for (const [kind, statement] of [
        ['learner', cypher.recordLevels],
        ['answer', cypher.recordAnswers],
      ] as const) {
        const some = sorted.filter((fact) => fact.kind === kind);
        for (let from = 0; from < some.length; from += TRANSACTION_FACTS)
          await write(statement, some.slice(from, from + TRANSACTION_FACTS));
      }
    },
    async learner(id) {
      const [row] = (await read(cypher.learner, { id })) as {
        level: string | null;
        skills: LearnerSummary['skills'];
      }[];
      if (row === undefined) return undefined;
      const answers = row.skills.reduce((sum, skill) => sum + skill.answers, 0);
      return { learner: id, level: row.level ?? undefined, answers, skills: row.skills };
    },
    async hardestItems({ skill, minAnswers, limit }) {
      const rows = await read(cypher.hardestItems(skill !== undefined), { skill: skill ?? null, minAnswers, limit });
      return rows as unknown as ItemSummary[];
    },
    async day(date) {
      const start = Date.parse(`${date}T00:00:00.000Z`);
      return (await read(cypher.day, { start, end: start + 86_400_000 })) as unknown as DayLevel[];
    },
    async close() {
      await calls.close();
      const last = driver;
      driver = undefined;
      // A server that hangs must not keep a program from ending.
      await withinLimit(last?.close() ?? Promise.resolve(), { limitMs: 5_000, where }).catch(() => undefined);
    },
  };
  try {
    // Not retried, so that an address where nothing is says so at once.
    await guarded((used) => used.verifyConnectivity({ database }));
    for (const constraint of cypher.constraints)
      await guarded((used, signal) => used.executeQuery(constraint, {}, { database, signal }));
    return graph;
  } catch (error) {
    await graph.close();
    throw error;
  }
}

function openDriver(address: URL, limitMs: number): Driver {
  const { protocol, host, username, password, searchParams } = address;
  const ca = searchParams.get('ca');
  const config: Config = {
    disableLosslessIntegers: true,
    connectionTimeout: Math.min(5_000, limitMs),
    connectionAcquisitionTimeout: limitMs,
    maxTransactionRetryTime: limitMs,
    maxConnectionPoolSize: 10,
    ...(ca && { encrypted: 'ENCRYPTION_ON', trust: 'TRUST_CUSTOM_CA_SIGNED_CERTIFICATES', trustedCertificates: [ca] }),
  };
  if (ca) readFileSync(ca); // a missing file is told by its name at once, not at the first connection
  const auth = neo4j.auth.basic(decodeURIComponent(username), decodeURIComponent(password));
  return neo4j.driver(`${protocol}//${host}`, auth, config);
}

type PlainFact = { readonly kind: LearningFact['kind']; readonly id: string; readonly learner: string } & Parameters;

function factOf(fact: LearningFact): PlainFact {
  return { ...fact, at: fact.at.getTime(), ...(fact.kind === 'answer' && { ms: Math.round(fact.ms) }) };
}

function byPlace(a: PlainFact, b: PlainFact): number {
  if (a.learner !== b.learner) return a.learner < b.learner ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
