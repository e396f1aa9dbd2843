import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../test/until';
import { freePort, isFree } from '../ports';

const SSHD = '/usr/sbin/sshd';

/** Why there can be no SSH server here; undefined when there can. */
export const whyNoSshd = existsSync(SSHD) ? undefined : `${SSHD} is not there (package openssh-server)`;

/** An SSH server of this machine on loopback, with keys of its own. */
export interface Sshd {
  readonly port: number;
  /** A key that it takes, and one that it does not. */
  readonly key: string;
  readonly strangerKey: string;
  /** Writes a known_hosts file in which the server is known under another port. */
  knownHosts(port: number): string;
  stop(): void;
}

export async function startSshd(folder: string): Promise<Sshd> {
  const [hostKey, key, strangerKey] = ['host', 'user', 'stranger'].map((name) => newKey(join(folder, name)));
  const port = await freePort();
  const config = join(folder, 'sshd_config');
  writeFileSync(join(folder, 'authorized'), readFileSync(`${key}.pub`));
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${join(folder, 'authorized')}`,
      `PidFile ${join(folder, 'sshd.pid')}`,
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      'MaxStartups 100',
    ].join('\n'),
  );
  mkdirSync('/run/sshd', { recursive: true });
  const server = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  server.stderr.on('data', (piece: Buffer) => (words = `${words}${piece.toString()}`.slice(-1_000)));
  await until(async () => !(await isFree(port)), { what: 'sshd listens' }).catch((error) => {
    throw new Error(`sshd did not start: ${words}`, { cause: error });
  });
  return {
    port,
    key: key!,
    strangerKey: strangerKey!,
    knownHosts(at) {
      const file = join(folder, `known_hosts_${at}`);
      writeFileSync(file, `[127.0.0.1]:${at} ${readFileSync(`${hostKey}.pub`, 'utf8')}`);
      return file;
    },
    stop: () => server.kill(),
  };
}

function newKey(path: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  return path;
}
