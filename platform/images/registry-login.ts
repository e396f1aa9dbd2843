import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EdwinError } from '../errors';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** User and password of a registry, as they are now. */
export interface Login {
  /** Undefined: the registry is used without. @throws `images.refused` when the login command fails */
  credentials(): Promise<Credentials | undefined>;
  /** The registry refused these. True: there are others now, worth another try. */
  renew(refused: Credentials | undefined): Promise<boolean>;
}

export interface LoginOptions {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Prints a password that expires, as `aws ecr get-login-password` does. */
  readonly command: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly now?: () => number;
}

const run = promisify(execFile);
const COMMAND_LIMIT_MS = 30_000;
/** Passwords of commands are used for so long; those of the large clouds live for one to twelve hours. */
const RENEW_AFTER_MS = 30 * 60_000;

/** The command is run one at a time, whoever asks: before the password gets old, and when it is refused. */
export function openLogin({ user, password, command, env, now = Date.now }: LoginOptions): Login {
  if (command === undefined) {
    const fixed = user === undefined ? undefined : { user, password: password ?? '' };
    return { credentials: async () => fixed, renew: async () => false };
  }
  let known: { readonly credentials: Credentials; readonly at: number } | undefined;
  let asking: Promise<Credentials> | undefined;
  const ask = (): Promise<Credentials> => {
    asking ??= askCommand(command, env)
      .then((answer) => {
        const credentials = { user: user ?? 'AWS', password: answer };
        known = { credentials, at: now() };
        return credentials;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  return {
    credentials: async () => (known && now() - known.at < RENEW_AFTER_MS ? known.credentials : ask()),
    async renew(refused) {
      if (known && known.credentials.password !== refused?.password) return true;
      return (await ask()).password !== refused?.password;
    },
  };
}

async function askCommand(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  const failed = (why: string) =>
    new EdwinError('images.refused', `The login command of the image registry (IMAGES_LOGIN_COMMAND) ${why}.`);
  try {
    const { stdout } = await run('sh', ['-c', command], { env, timeout: COMMAND_LIMIT_MS, killSignal: 'SIGKILL' });
    if (stdout.trim() !== '') return stdout.trim();
  } catch (error) {
    const { code, killed, stderr } = error as { code?: number; killed?: boolean; stderr?: string };
    // Neither the command nor what it printed is shown: both may hold secrets. What it complained of is.
    if (killed) throw failed(`took longer than ${COMMAND_LIMIT_MS / 1_000} s`);
    throw failed(`ended with status ${code}: ${(stderr ?? '').trim().split('\n').at(-1)}`);
  }
  throw failed('printed nothing');
}
