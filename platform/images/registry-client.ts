import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { EdwinError } from '../errors';
import { digestOfBytes, isDigest, manifestTypes, type StoredManifest } from './manifest';
import type { RegistryAddress } from './registry-address';
import { type Action, openRegistryAuth, type RegistryAuth, type Sent } from './registry-auth';
import type { Login } from './registry-login';

/** One attempt of one request; three are made, a second apart at most, so that a caller waits 32 s at the longest. */
const LIMIT_MS = 10_000;
const PAUSES_MS = [250, 1_000];
/** Registries refuse larger manifests, too. */
const MANIFEST_BYTES = 4 * 1024 * 1024;
const TAGS_AT_ONCE = 500;

interface Call {
  readonly method?: 'GET' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/**
 * HTTP API of a registry for one repository (distribution spec 1.1). What has a digest is compared with it. Redirects
 * are followed without credentials. A private certificate authority is named to Node itself, by NODE_EXTRA_CA_CERTS.
 * @throws `images.unreachable`, `images.refused`, `images.damaged`
 */
export class RegistryClient {
  private readonly address: RegistryAddress;
  private readonly auth: RegistryAuth;
  private readonly limitMs: number;

  constructor(address: RegistryAddress, login: Login, { limitMs = LIMIT_MS }: { readonly limitMs?: number } = {}) {
    this.address = address;
    this.limitMs = limitMs;
    this.auth = openRegistryAuth(address, login, { limitMs });
  }

  /** By tag or digest. */
  async manifest(reference: string): Promise<StoredManifest | undefined> {
    const found = await this.call(`manifests/${reference}`, { headers: { accept: manifestTypes.join(', ') } });
    if (found.status === 404) return undefined;
    const digest = digestOfBytes(found.body);
    const claimed = isDigest(reference) ? reference : (found.headers.get('docker-content-digest') ?? digest);
    if (digest !== claimed) throw this.damaged(claimed);
    return { digest, mediaType: found.headers.get('content-type') ?? manifestTypes[0], bytes: found.body };
  }

  /** A small blob, as configurations are. */
  async blob(digest: string): Promise<Buffer> {
    const found = await this.call(`blobs/${digest}`);
    if (found.status === 404)
      throw new EdwinError('images.missing', `The image registry at ${this.address.host} has no ${digest}.`);
    if (digestOfBytes(found.body) !== digest) throw this.damaged(digest);
    return found.body;
  }

  /** Those that begin with `prefix`; none when there is no such repository. */
  async tags(prefix: string): Promise<string[]> {
    const matching = new Set<string>();
    const page = z.object({ tags: z.array(z.string()).nullable() });
    const seen = new Set<string>();
    for (let next: string | undefined = `tags/list?n=${TAGS_AT_ONCE}`; next !== undefined && !seen.has(next); ) {
      seen.add(next);
      const found = await this.call(next);
      if (found.status === 404) break;
      for (const tag of page.parse(JSON.parse(found.body.toString())).tags ?? [])
        if (tag.startsWith(prefix)) matching.add(tag);
      const link = /<[^>]*\/(tags\/list\?[^>]*)>;\s*rel="?next/.exec(found.headers.get('link') ?? '');
      next = link?.[1];
    }
    return [...matching];
  }

  async tag({ mediaType, bytes }: StoredManifest, tag: string): Promise<void> {
    await this.call(`manifests/${tag}`, { method: 'PUT', headers: { 'content-type': mediaType }, body: bytes });
  }

  /** With all its tags. */
  async remove(digest: string): Promise<void> {
    const { status } = await this.call(`manifests/${digest}`, { method: 'DELETE' });
    if (status === 405 || status === 400)
      throw new EdwinError(
        'images.refused',
        `The image registry at ${this.address.host} deletes nothing when asked (status ${status}): let a rule of its own do it.`,
      );
  }

  /** Resolves for 2xx, 404, 405 and 400 of a DELETE; everything else is an error. */
  private async call(path: string, call: Call = {}): Promise<{ status: number; headers: Headers; body: Buffer }> {
    const action: Action = call.method === 'PUT' ? 'push' : call.method === 'DELETE' ? 'delete' : 'pull';
    let why = '';
    let sent: Sent | undefined;
    for (let refusals = 0, failures = 0; failures <= PAUSES_MS.length; ) {
      if (why !== '' && failures > 0) await pause(PAUSES_MS[failures - 1]);
      sent ??= await this.auth.authorize(action);
      let response: { status: number; headers: Headers; body: Buffer };
      try {
        response = await this.send(path, call, sent.header);
      } catch (error) {
        why = reasonOf(error, this.limitMs);
        failures++;
        continue;
      }
      const { status, headers, body } = response;
      const fine = (status >= 200 && status < 300) || (status === 404 && action !== 'push');
      if (fine || (action === 'delete' && (status === 405 || status === 400))) return response;
      if (status === 401 && refusals++ < 2) {
        sent = await this.auth.answer(action, headers.get('www-authenticate'), sent);
        if (sent) continue;
      }
      if (status < 500 && status !== 429) throw this.refused(action, status, body);
      why = `it answers ${status}`;
      failures++;
    }
    throw new EdwinError('images.unreachable', `The image registry at ${this.address.host} can not be used: ${why}.`);
  }

  private async send(path: string, { method = 'GET', headers, body }: Call, authorization: string | undefined) {
    const response = await fetch(`${this.address.origin}/v2/${this.address.repository}/${path}`, {
      method,
      headers: { ...headers, ...(authorization && { authorization }) },
      signal: AbortSignal.timeout(this.limitMs),
      ...(body && { body }),
    });
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > MANIFEST_BYTES) throw new Error(`its answer has more than ${MANIFEST_BYTES} bytes`);
      pieces.push(piece);
    }
    return { status: response.status, headers: response.headers, body: Buffer.concat(pieces) };
  }

  private refused(action: Action, status: number, body: Buffer): EdwinError {
    const { host, repository } = this.address;
    const said = /"message"\s*:\s*"([^"]{1,200})"/.exec(body.toString())?.[1];
    const text = `The image registry at ${host} refuses to ${action} in ${repository}: ${said ?? 'it answers'} (${status}).`;
    return new EdwinError('images.refused', text);
  }

  private damaged(digest: string): EdwinError {
    return new EdwinError(
      'images.damaged',
      `What the image registry at ${this.address.host} gives for ${digest} in ${this.address.repository} is something else.`,
    );
  }
}

function reasonOf(error: unknown, limitMs: number): string {
  if ((error as Error).name === 'TimeoutError') return `no answer within ${limitMs / 1_000} s`;
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
