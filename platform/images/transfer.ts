import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError, type ErrorCode } from '../errors';
import type { Credentials, Login } from './registry-login';

/** A registry that was only restarted is waited for: five tries within about eight seconds. */
const PAUSES_MS = [250, 750, 2_000, 5_000];

/** What an engine's words about a push or pull mean. */
export function transferCode(words: string): ErrorCode {
  if (/no space left/i.test(words)) return 'images.disk-full';
  if (/manifest (for .+ )?(unknown|not found)|manifest unknown|name unknown|not found: manifest/i.test(words))
    return 'images.missing';
  if (/unauthorized|denied|authentication required|no basic auth|forbidden|authorization/i.test(words))
    return 'images.refused';
  if (/verif|digest mismatch|does not match|unexpected EOF.*digest|invalid checksum/i.test(words))
    return 'images.damaged';
  return 'images.unreachable';
}

/**
 * Pushes or pulls until it is done: tried again while the registry is away, and once with a new password when it
 * refused the old one.
 * @param transfer gives what went wrong, if something did
 * @param what begins the error's sentence, such as `host h1 can not pull … from registry:5000`
 */
export async function transferPatiently(
  login: Login,
  what: string,
  signal: AbortSignal,
  transfer: (credentials: Credentials | undefined) => Promise<string | undefined>,
): Promise<void> {
  for (let tries = 0, renewed = false; ; ) {
    const credentials = await login.credentials();
    const words = await transfer(credentials);
    if (words === undefined) return;
    const code = transferCode(words);
    if (code === 'images.refused' && !renewed && (await login.renew(credentials))) {
      renewed = true;
      continue;
    }
    // One that takes calls and says nothing has been waited for long enough.
    const silent = words.startsWith('nothing moved');
    const wait = code === 'images.unreachable' && !silent ? PAUSES_MS[tries++] : undefined;
    if (wait === undefined)
      throw new EdwinError(
        code,
        `${what}: ${words
          .replace(/^\(HTTP code \d+\) [^-]* - /, '')
          .replace(/\s+/g, ' ')
          .replace(/\.$/, '')}.`,
      );
    await pause(wait, undefined, { signal });
  }
}
