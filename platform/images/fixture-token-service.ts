import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createSign, randomUUID, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../ports';

/**
 * A token service as clouds put before their registries: it exchanges user and password for a signed token with the
 * rights of the user, which the registry itself checks. Source: distribution's docs/spec/auth/token.md and jwt.md.
 */
export interface TokenService {
  /** The `auth` section of a registry that trusts it. */
  readonly auth: string;
  /** User → password that is right now, and what the user may do. */
  readonly users: Map<string, { password: string; may: readonly string[] }>;
  /** Lifetime that it states; the registry itself is content for a minute longer, so 0 is good for one use. */
  seconds: number;
  close(): Promise<void>;
}

export async function startTokenService(): Promise<TokenService> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-tokens-'));
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=edwin-tokens'];
  execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' });
  const key = createPrivateKey(readFileSync(keyFile));
  const chain = [new X509Certificate(readFileSync(certificateFile)).raw.toString('base64')];
  const port = await freePort();
  const service: Omit<TokenService, 'close'> = {
    auth: `{token: {realm: "http://127.0.0.1:${port}/token", service: test, issuer: tests, rootcertbundle: ${certificateFile}}}`,
    users: new Map(),
    seconds: 60,
  };
  const sign = (access: object[]): string => {
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, nbf: now - 10, exp: now + service.seconds };
    const claims = { iss: 'tests', aud: 'test', sub: '', jti: randomUUID(), access, ...times };
    const parts = [{ typ: 'JWT', alg: 'RS256', x5c: chain }, claims];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
  };
  const server = createServer((asked, answer) => {
    const [name = '', password] = Buffer.from(asked.headers.authorization?.split(' ')[1] ?? '', 'base64')
      .toString()
      .split(':');
    const user = service.users.get(name);
    if (!user || digest(user.password) !== digest(password ?? '')) return void answer.writeHead(401).end('{}');
    const { searchParams } = new URL(asked.url ?? '', 'http://x');
    const access = searchParams.getAll('scope').map((scope) => {
      const [type, repository, actions = ''] = scope.split(':');
      return { type, name: repository, actions: actions.split(',').filter((action) => user.may.includes(action)) };
    });
    answer.end(JSON.stringify({ token: sign(access), expires_in: service.seconds }));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(service, {
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  });
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
