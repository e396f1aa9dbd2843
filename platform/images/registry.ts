import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { releaseTag } from '../docker/release-tag';
import { EdwinError } from '../errors';
import { withFileLock } from '../file-lock';
import type { Logger } from '../log';
import { buildFailure, checkInside } from './build-failure';
import { type Commit, Repository } from './commit';
import { hasDigest, inspectImage, pullImage, tagImage, untagImage } from './engine-images';
import type { EngineLinks } from './engine-links';
import type { BuildRequest, Image, Images } from './images';
import { isDigest } from './manifest';
import type { RegistryAddress } from './registry-address';
import { buildAndPush, type RegistryLimits } from './registry-build';
import { RegistryClient } from './registry-client';
import type { Login } from './registry-login';
import { RegistryStore } from './registry-store';
import { transferPatiently } from './transfer';

export interface RegistryImagesOptions {
  readonly address: RegistryAddress;
  readonly login: Login;
  /** Hosts that images are put on. */
  readonly hosts: EngineLinks;
  /** Engines that build: the first that answers does. */
  readonly builders: EngineLinks;
  /** Folder of the locks that let one of several builders of this machine build a commit. */
  readonly folder: string;
  readonly log: Logger;
  /** What git sees. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits?: RegistryLimits;
}

const PULL_LIMIT_MS = 15 * 60_000;
const CALL_LIMIT_MS = 20_000;

/**
 * Images in a registry that speaks OCI's distribution API, built by Docker engines from a Dockerfile. A commit that is
 * built again after its image was removed gets the same digest as long as the builder still has what it built.
 * Two builders on two machines may build a commit at once; then one image is the commit's, and both are kept.
 */
export async function openRegistryImages(options: RegistryImagesOptions): Promise<Images> {
  await mkdir(options.folder, { recursive: true });
  return new RegistryImages(options);
}

class RegistryImages implements Images {
  private readonly options: RegistryImagesOptions;
  private readonly store: RegistryStore;
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<unknown>>();
  private readonly ensuring = new Map<string, Promise<void>>();

  constructor(options: RegistryImagesOptions) {
    this.options = options;
    const { callMs } = options.limits ?? {};
    const client = new RegistryClient(options.address, options.login, callMs === undefined ? {} : { limitMs: callMs });
    this.store = new RegistryStore(client);
  }

  async build(request: BuildRequest, onProgress: (line: string) => void = () => undefined): Promise<Image> {
    checkInside(request);
    const repository = new Repository(request.repository, this.options.env);
    const commit = await repository.commit(request.ref);
    const { dockerfile = '', target = '', context } = request.recipe;
    const recipe = shortDigest([posix.normalize(dockerfile), target, posix.normalize(context)]);
    const tag = `commit-${request.service}-${commit.id}-${recipe}`;
    const work = withFileLock(
      join(this.options.folder, tag),
      () => this.stored(tag, request.service, commit, () => this.make(request, repository, commit, tag, onProgress)),
      () => onProgress('waiting for another build of this commit'),
    );
    this.running.add(work);
    try {
      return await work;
    } catch (error) {
      throw this.closing.signal.aborted ? buildFailure(request.service, 'Edwin was stopped meanwhile') : error;
    } finally {
      this.running.delete(work);
    }
  }

  /** What is stored under the tag, after making it when nothing is; pinned, also when a builder died before it did. */
  private async stored(tag: string, service: string, commit: Commit, make: () => Promise<void>): Promise<Image> {
    let found = await this.store.find(tag);
    const isWanted = () => found?.image?.commit === commit.id && found.image.service === service;
    if (!isWanted()) {
      await make();
      found = await this.store.find(tag);
      if (!isWanted())
        throw new EdwinError(
          'images.damaged',
          `${this.options.address.name}:${tag} is not the image of ${service} at ${commit.id} that was pushed there.`,
        );
      const { digest } = found!.image!;
      this.options.log.info(
        { event: 'image.built', service, image: digest, commit: commit.id },
        `${service} is built from ${commit.id.slice(0, 7)}`,
      );
    }
    const { manifest, image } = found as { manifest: NonNullable<typeof found>['manifest']; image: Image };
    await this.store.pin({ manifest, image });
    return image;
  }

  private async make(
    request: BuildRequest,
    repository: Repository,
    commit: Commit,
    tag: string,
    onProgress: (line: string) => void,
  ): Promise<void> {
    const { address, login, builders, limits = {} } = this.options;
    const link = await builders.reached();
    const work = { request, repository, commit, tag, address, login, limits, onProgress, signal: this.closing.signal };
    await buildAndPush(link, work);
  }

  async get(digest: string): Promise<Image | undefined> {
    return isDigest(digest) ? (await this.store.find(digest))?.image : undefined;
  }

  list(service: string): Promise<Image[]> {
    return this.store.list(service);
  }

  /** An image that the host has under its release's tag needs no registry. */
  ensure(digest: string, host: string): Promise<void> {
    const key = `${host} ${digest}`;
    const work = this.ensuring.get(key) ?? this.putOnHost(digest, host).finally(() => void this.ensuring.delete(key));
    this.ensuring.set(key, work);
    return work;
  }

  private async putOnHost(digest: string, host: string): Promise<void> {
    const { address, login, hosts, limits } = this.options;
    const link = hosts.of(host);
    if (!isDigest(digest)) throw new EdwinError('images.missing', `${host} has no image ${digest}.`);
    const tag = releaseTag(digest);
    const there = await link.run(CALL_LIMIT_MS, (engine) => inspectImage(engine, tag));
    // Edwin alone gives this tag, after it has compared; without any digest the image came by `docker load`.
    if (there && (hasDigest(there, digest) || (there.RepoDigests ?? []).length === 0)) return;
    const what = `${host} can not pull ${digest} of ${address.repository} from ${address.host}`;
    const idle = limits?.idleMs === undefined ? {} : { idleMs: limits.idleMs };
    await transferPatiently(login, what, this.closing.signal, (credentials) =>
      link.run(PULL_LIMIT_MS, (engine, signal) =>
        pullImage(engine, digest, { repository: address.name, credentials, ...idle }, signal),
      ),
    );
    await link.run(CALL_LIMIT_MS, async (engine) => {
      const name = `${address.name}@${digest}`;
      const pulled = await inspectImage(engine, name);
      if (pulled === undefined || !hasDigest(pulled, digest))
        throw new EdwinError('images.damaged', `${what}: what came is something else.`);
      await tagImage(engine, name, tag);
    });
  }

  /** Also from hosts that answer; where an instance runs from it, it stays until the host is swept. */
  async remove(digest: string): Promise<void> {
    if (!isDigest(digest)) return;
    await this.store.remove(digest);
    const names = [releaseTag(digest), `${this.options.address.name}@${digest}`];
    await Promise.all(
      this.options.hosts.all().map(async (link) => {
        const work = link.run(CALL_LIMIT_MS, async (engine) => {
          for (const name of names) await untagImage(engine, name);
        });
        await work.catch((error) =>
          this.options.log.warn({ error, host: link.engine.host.name, image: digest }, 'An image stays on a host'),
        );
      }),
    );
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled([...this.running, ...this.ensuring.values()]);
    await Promise.all([this.options.hosts.close(), this.options.builders.close()]);
  }
}

function shortDigest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
