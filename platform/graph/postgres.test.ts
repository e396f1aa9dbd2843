import { createTestDatabase, type TestDatabase } from '../../test/database';
import { graphContract } from './contract';
import { openGraph } from './open';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = (address: (url: URL) => void) => () => {
  const url = new URL(database.url);
  address(url);
  return openGraph(url.toString());
};

graphContract(
  'PostgreSQL',
  at(() => undefined),
  {
    unreachable: at((url) => {
      url.port = '1';
    }),
    refused: at((url) => {
      url.password = 'wrong';
    }),
    faults: {
      async cutConnections() {
        await database.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'graph'`,
        );
      },
    },
  },
);

it('an address of an unknown kind is refused when the graph is opened', async () => {
  await expect(openGraph('mysql://127.0.0.1/x')).rejects.toMatchObject({ code: 'config.invalid' });
});
