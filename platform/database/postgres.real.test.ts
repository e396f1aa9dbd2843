import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { databaseContract } from './contract';
import { prepareDatabases } from './environments';
import { asPortError, openPool } from './postgres';

/** A PostgreSQL of a team's own, reached over TLS with its certificate checked. */
onEngines(['postgres'], ({ postgres: engine }) => {
  const server = new URL(engine.setting('EDWIN_TEST_POSTGRES_URL'));
  const stage = new URL(engine.setting('EDWIN_TEST_POSTGRES_STAGE_URL'));
  const folder = mkdtempSync(join(tmpdir(), 'edwin-tls-'));
  const file = (name: string): string => join(folder, name);
  let relay: Relay;

  const restartWith = async (options: string): Promise<void> => {
    process.env['WORKBENCH_POSTGRES_OPTIONS'] = options;
    await engine.control('down');
    await engine.control('up');
  };
  const over = (url: URL, change: Partial<URL> = {}, ca = 'ca.pem'): string => {
    const changed = Object.assign(new URL(url), change);
    changed.searchParams.set('sslmode', 'verify-full');
    changed.searchParams.set('sslrootcert', file(ca));
    return changed.toString();
  };
  const askOnce = async (url: string, statement: string): Promise<Record<string, unknown> | undefined> => {
    const pool = openPool(url);
    try {
      return (await pool.query<Record<string, unknown>>(statement)).rows[0];
    } finally {
      await pool.end();
    }
  };

  beforeAll(async () => {
    makeCertificates(folder);
    await restartWith(`ssl=on;ssl_cert_file='${file('server.pem')}';ssl_key_file='${file('server.key')}'`);
    relay = await openRelay({ host: server.hostname, port: Number(server.port) });
  });
  afterAll(async () => {
    await relay.close();
    await restartWith('');
    rmSync(folder, { recursive: true });
  });

  databaseContract('PostgreSQL over TLS', {
    version: async () =>
      String((await askOnce(over(server), 'SHOW server_version'))?.['server_version']).split(' ')[0] ?? '',
    url: () => over(stage, { port: String(relay.port) }),
    unreachable: () => over(stage, { port: '1' }),
    wrongPassword: () => over(stage, { password: 'wrong' }),
    stranger: () => over(stage, { pathname: '/prod' }),
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

  test('the connection is encrypted, and a server whose certificate is from elsewhere is not spoken to', async () => {
    const encrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    expect(await askOnce(over(stage), encrypted)).toEqual({ ssl: true });
    const error = await askOnce(over(stage, {}, 'other.pem'), encrypted).catch((thrown: unknown) => thrown);
    expect(asPortError(error, 'database', stage.host)).toMatchObject({
      code: 'database.refused',
      message: expect.stringContaining('certificate'),
    });
  });

  test('an administrator’s address is enough: databases and roles of the environments are made in it', async () => {
    await askOnce(over(server), "CREATE ROLE suite_admin SUPERUSER LOGIN PASSWORD 'suite'");
    const admin = over(server, { username: 'suite_admin', password: 'suite' });
    try {
      const passwords = { edwin: 'p1', edwin_telemetry: 'p2', edwin_qa: 'p3', edwin_live: 'p4' };
      const made = () => prepareDatabases(admin, ['qa', 'live'], passwords);
      const [urls] = await Promise.all([made(), made(), made()]);
      const qa = urls.environments['qa'] ?? '';
      expect(await askOnce(qa, 'SELECT current_user AS role')).toEqual({ role: 'edwin_qa' });
      for (const other of ['edwin_live', 'edwin_telemetry', 'edwin', 'postgres']) {
        const stranger = Object.assign(new URL(qa), { pathname: `/${other}` }).toString();
        const error = await askOnce(stranger, 'SELECT 1').catch((thrown: unknown) => thrown);
        expect(asPortError(error, 'database', 'the test')).toMatchObject({ code: 'database.refused' });
      }
      await expect(prepareDatabases(over(server), ['qa'], passwords)).rejects.toMatchObject({ code: 'config.invalid' });
    } finally {
      // The server's own administrator is named edwin: his password is given back.
      await askOnce(admin, `ALTER ROLE edwin PASSWORD '${server.password}'`);
      for (const role of ['edwin_telemetry', 'edwin_qa', 'edwin_live']) {
        await askOnce(over(server), `DROP DATABASE IF EXISTS ${role} WITH (FORCE)`);
        await askOnce(over(server), `DROP ROLE IF EXISTS ${role}`);
      }
      await askOnce(over(server), 'DROP ROLE suite_admin');
    }
  });
});

/** An authority, a certificate of it for 127.0.0.1, and an authority that signed nothing. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const authority = (name: string): void =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    );
  authority('ca');
  authority('other');
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  );
  openssl(
    'x509',
    '-req',
    '-days',
    '2',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-copy_extensions',
    'copy',
    '-out',
    'server.pem',
  );
}
