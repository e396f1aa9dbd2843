import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedServer, startEmbedded } from '../../platform/database/embedded';
import { silent } from '../../platform/log';

/** One PostgreSQL for the whole run; test/database.ts makes a database on it for each test file. */
export default async function startPostgres(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-test-'));
  const server = await startEmbedded({ folder, log: silent, ephemeral: true });
  process.env['EDWIN_TEST_DATABASE_URL'] = server.adminUrl;
  (globalThis as { edwinTestServer?: EmbeddedServer }).edwinTestServer = server;
}
