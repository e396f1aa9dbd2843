/** A small service for tests of telemetry: answers `/work` after asking the next service, its database, and its log. */
import { openPool } from '../platform/database/postgres';
import { runProgram } from '../platform/program';
import { inSpan } from '../platform/tracing';

runProgram('linked', ['database'], async ({ config, log, onStop, serve }) => {
  const pool = openPool(config.DATABASE_URL);
  onStop('database', () => pool.end());
  await pool.query('SELECT 1 AS outside_of_any_span');

  const work = async (): Promise<void> => {
    await pool.query('SELECT $1::text AS kept, pg_sleep(0.08)', ['a parameter that stays private']);
    const next = process.env['NEXT_URL'];
    if (next !== undefined) await fetch(next);
    await inSpan('decide', {}, async () => {
      log.info({ event: 'message.answered', student: 'S1' }, 'Answered a student');
      log.error({ event: 'command.failed', error: new TypeError('no such level'), password: 'hidden' }, 'It failed');
    });
  };
  await serve((request, response) => {
    work().then(
      () => response.end(request.url),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
});
