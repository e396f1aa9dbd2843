import neo4j from 'neo4j-driver';
import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { graphContract } from './contract';
import { openNeo4jGraph } from './neo4j';
import { openGraph } from './open';

/** @seconds 55 */
onEngines(['neo4j'], ({ neo4j: engine }) => {
  const user = engine.setting('EDWIN_TEST_NEO4J_USER');
  const password = engine.setting('EDWIN_TEST_NEO4J_PASSWORD');
  const server = new URL(engine.setting('EDWIN_TEST_NEO4J_URL'));
  const address = (port: string | number, secret = password): string =>
    `bolt://${user}:${secret}@${server.hostname}:${port}`;
  let relay: Relay;

  const ask = async (statement: string): Promise<Record<string, unknown>[]> => {
    const driver = neo4j.driver(server.href, neo4j.auth.basic(user, password), { disableLosslessIntegers: true });
    try {
      return (await driver.executeQuery(statement)).records.map((record) => record.toObject());
    } finally {
      await driver.close();
    }
  };

  beforeAll(async () => {
    relay = await openRelay({ host: server.hostname, port: Number(server.port) });
    await ask('MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS').catch(() =>
      ask('MATCH (n) DETACH DELETE n'),
    );
  });
  afterAll(() => relay.close());

  graphContract('Neo4j', {
    version: async () => {
      const [row] = await ask('CALL dbms.components() YIELD versions RETURN versions[0] AS version');
      return String(row?.['version']);
    },
    open: (options) => openNeo4jGraph(address(relay.port), options),
    openUnreachable: () => openGraph(address(1)),
    openWithWrongPassword: () => openGraph(address(server.port, 'wrong')),
    // An environment is a server of its own: the password of another one is refused by this one.
    openAsStranger: () => openGraph(address(server.port, 'password-of-prod')),
    faults: {
      crash: async () => {
        await engine.control('crash');
        await engine.control('up');
      },
      pause: () => engine.control('pause').then(() => undefined),
      resume: () => engine.control('resume').then(() => undefined),
      cut: () => relay.cut(),
      mend: () => relay.mend(),
    },
  });

  test('a call that is given up is not tried again, nor does it keep the program from ending', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const graph = await openNeo4jGraph(address(relay.port), { limitMs: 4_000 });
    await graph.learner('nobody');
    const before = timers();
    await relay.cut();
    try {
      await expect(graph.learner('nobody')).rejects.toMatchObject({ code: 'graph.unreachable' });
      expect(timers()).toBeLessThanOrEqual(before);
      await graph.close();
    } finally {
      await relay.mend();
    }
  });

  describe('what is stored in Neo4j', () => {
    test('learners, items, skills and levels are joined as graph.ts says', async () => {
      const graph = await openGraph(address(server.port));
      const common = { at: new Date('2032-02-03T04:05:06.789Z'), learner: 'shape-learner', level: 'B1' };
      await graph.record([
        { kind: 'learner', id: 'shape-1', ...common },
        { kind: 'answer', id: 'shape-2', ...common, item: 'shape-item', skill: 'shape-skill', correct: true, ms: 1200 },
      ]);
      await graph.close();
      const [row] = await ask(`
        MATCH (level:Level)<-[:LEVEL]-(l:Learner {id: 'shape-learner'})-[a:ANSWERED]->(i:Item)-[:EXERCISES]->(s:Skill)
        RETURN level.name AS level, a.correct AS correct, a.ms AS ms, toString(a.at) AS at, i.id AS item, s.name AS skill`);
      expect(row).toEqual({
        level: 'B1',
        correct: true,
        ms: 1200,
        at: '2032-02-03T04:05:06.789Z',
        item: 'shape-item',
        skill: 'shape-skill',
      });
    });

    test('constraints stand before the first fact, so that many that record at once make nothing twice', async () => {
      const graphs = await Promise.all(Array.from({ length: 8 }, () => openGraph(address(server.port))));
      const facts = Array.from({ length: 50 }, (_, n) => ({
        kind: 'answer' as const,
        id: `race-${n}`,
        at: new Date(0),
        learner: `race-learner-${n % 5}`,
        item: `race-item-${n % 3}`,
        skill: 'race-skill',
        level: 'A1',
        correct: true,
        ms: 1,
      }));
      await Promise.all(graphs.map((graph) => graph.record(facts)));
      await Promise.all(graphs.map((graph) => graph.close()));
      const [counted] = await ask(`
        MATCH (i:Item) WHERE i.id STARTS WITH 'race-' WITH count(i) AS items
        MATCH (l:Learner) WHERE l.id STARTS WITH 'race-' WITH items, count(l) AS learners
        MATCH ()-[a:ANSWERED]->() WHERE a.id STARTS WITH 'race-' RETURN items, learners, count(a) AS answers`);
      expect(counted).toEqual({ items: 3, learners: 5, answers: 50 });
    });

    test('errors name the server and never the password', async () => {
      const error = await openGraph(address(server.port, 'a-wrong-password')).catch((thrown: Error) => thrown);
      expect(String(error)).toContain(server.host);
      expect(`${error}${JSON.stringify(error)}`).not.toContain('a-wrong-password');
    });
  });
});
