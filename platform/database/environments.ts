import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { EdwinError } from '../errors';
import { asPortError, whereOf } from './postgres';

/** Addresses with credentials; each opens its own database and is refused by all the others. */
export interface Databases {
  /** The platform's own: journal, workspace, audit. */
  readonly control: string;
  readonly telemetry: string;
  readonly environments: Readonly<Record<string, string>>;
}

/** Name of a database and of the one role that may connect to it. */
export const controlRole = 'edwin';
export const telemetryRole = 'edwin_telemetry';
export const environmentRole = (environment: string): string => `edwin_${environment}`;

/**
 * Makes the databases `edwin`, `edwin_telemetry` and `edwin_<environment>`, each with a role of its name that owns it
 * and is no superuser, and sets their passwords. May be called again at any time, with more environments, too, and by
 * several at once.
 * @param adminUrl address of someone who may create roles and databases
 * @param passwords by role name
 * @throws `config.invalid` when the administrator has the name of one of these roles, whose password would be changed
 */
export async function prepareDatabases(
  adminUrl: string,
  environments: readonly string[],
  passwords: Readonly<Record<string, string>>,
): Promise<Databases> {
  const roles = [controlRole, telemetryRole, ...environments.map(environmentRole)];
  const admin = decodeURIComponent(new URL(adminUrl).username);
  if (roles.includes(admin))
    throw new EdwinError('config.invalid', `POSTGRES_URL needs an administrator with another name than ${admin}.`);
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
  try {
    await client.connect();
    // Held until this connection ends.
    await client.query("SELECT pg_advisory_lock(hashtextextended('edwin databases', 0))");
    const url = (role: string): Promise<string> => prepare(client, adminUrl, role, passwords[role]);
    await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
    const control = await url(controlRole);
    const telemetry = await url(telemetryRole);
    const urls: Record<string, string> = {};
    for (const environment of environments) {
      const role = environmentRole(environment);
      if (role === telemetryRole) throw new EdwinError('config.invalid', 'No environment can be named telemetry.');
      urls[environment] = await url(role);
    }
    return { control, telemetry, environments: urls };
  } catch (error) {
    throw asPortError(error, 'database', whereOf(adminUrl));
  } finally {
    await client.end();
  }
}

async function prepare(client: Client, adminUrl: string, role: string, password: string | undefined): Promise<string> {
  if (!password) throw new EdwinError('config.invalid', `The database role ${role} has no password.`);
  const name = client.escapeIdentifier(role);
  const { rows } = await client.query<{ roles: number; databases: number }>(
    `SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname = $1) AS roles,
            (SELECT count(*)::int FROM pg_database WHERE datname = $1) AS databases`,
    [role],
  );
  if (rows[0]?.roles === 0) await client.query(`CREATE ROLE ${name} LOGIN`);
  await client.query(`ALTER ROLE ${name} PASSWORD ${client.escapeLiteral(verifierOf(password))}`);
  if (rows[0]?.databases === 0) await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  return Object.assign(new URL(adminUrl), { username: role, password, pathname: `/${role}` }).toString();
}

const ITERATIONS = 4096;

/** What PostgreSQL stores for a password (RFC 5803), so that the password itself is in no statement and no log. */
function verifierOf(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyed = (word: string): Buffer => createHmac('sha256', salted).update(word).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const server = keyed('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${server}`;
}
