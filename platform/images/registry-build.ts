import type { Engine } from '../docker/engine';
import type { Link } from '../docker/link';
import { openBuildContext } from './build-context';
import { buildFailure } from './build-failure';
import type { Commit, Repository } from './commit';
import { buildOnEngine } from './engine-build';
import { BUILD_REPOSITORY, builtImages, inspectImage, pushImage, tagImage, untagImage } from './engine-images';
import { labelsOf } from './image-labels';
import type { BuildRequest } from './images';
import { keepLastLines } from './last-lines';
import type { RegistryAddress } from './registry-address';
import type { Login } from './registry-login';
import { transferPatiently } from './transfer';

export interface RegistryLimits {
  readonly buildMs?: number;
  /** One attempt of one call to the registry. */
  readonly callMs?: number;
  /** How long nothing may move in a push or pull. */
  readonly idleMs?: number;
}

export interface BuildWork {
  readonly request: BuildRequest;
  readonly repository: Repository;
  readonly commit: Commit;
  /** Under which it is pushed. It also names the image on the builder until then. */
  readonly tag: string;
  readonly address: RegistryAddress;
  readonly login: Login;
  readonly limits: RegistryLimits;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

const BUILD_LIMIT_MS = 20 * 60_000;
const PUSH_LIMIT_MS = 15 * 60_000;
const CALL_LIMIT_MS = 20_000;
/** Images of a service that stay on the builder: the next build takes what did not change from them. */
const KEPT_ON_BUILDER = 3;

/**
 * Builds a commit on an engine and pushes it; what an earlier try has built to its end is pushed without building again.
 * The build sees the argument `COMMIT`.
 */
export async function buildAndPush(link: Link, work: BuildWork): Promise<void> {
  const { tag, address, login, limits, onProgress, request } = work;
  const [local, remote] = [`${BUILD_REPOSITORY}:${tag}`, `${address.name}:${tag}`];
  const there = await link.run(CALL_LIMIT_MS, (engine) => inspectImage(engine, local));
  if (there === undefined) await build(link, local, work);
  onProgress(`pushing ${remote}`);
  await link.run(CALL_LIMIT_MS, (engine) => tagImage(engine, local, remote));
  const what = `${link.engine.host.name} can not push to ${address.name}`;
  const idle = limits.idleMs === undefined ? {} : { idleMs: limits.idleMs };
  try {
    await transferPatiently(login, what, work.signal, (credentials) =>
      link.run(PUSH_LIMIT_MS, (engine, signal) =>
        pushImage(
          engine,
          tag,
          { repository: address.name, credentials, ...idle },
          AbortSignal.any([signal, work.signal]),
        ),
      ),
    );
  } finally {
    await link.run(CALL_LIMIT_MS, (engine) => untagImage(engine, remote)).catch(() => undefined);
  }
  await link.run(CALL_LIMIT_MS, async (engine) => {
    const built = await builtImages(engine, request.service);
    for (const name of built.slice(KEPT_ON_BUILDER)) await untagImage(engine, name);
  });
}

async function build(link: Link, local: string, work: BuildWork): Promise<void> {
  const { request, repository, commit, address, login, limits, onProgress, signal } = work;
  const { service, recipe } = request;
  if (recipe.dockerfile === undefined)
    throw buildFailure(service, 'the catalog names no Dockerfile for it, which Docker hosts need');
  const context = await openBuildContext(repository, commit.id, recipe);
  if (context === undefined)
    throw buildFailure(service, `commit ${commit.id.slice(0, 7)} has no ${recipe.dockerfile} in ${recipe.context}`);
  const credentials = await login.credentials();
  const limitMs = limits.buildMs ?? BUILD_LIMIT_MS;
  const expiry = AbortSignal.timeout(limitMs);
  const last = keepLastLines(onProgress);
  const run = (engine: Engine, lost: AbortSignal) =>
    buildOnEngine(
      engine,
      {
        context: context.open(),
        dockerfile: context.dockerfile,
        target: recipe.target,
        tag: local,
        labels: labelsOf(service, commit, new Date()),
        buildArguments: { COMMIT: commit.id },
        builder: address.builder ?? 'buildkit',
        login: { host: address.host, credentials },
        listen: last.listen,
      },
      AbortSignal.any([lost, expiry, signal]),
    );
  try {
    const failure = await link.run(limitMs + CALL_LIMIT_MS, run);
    if (failure !== undefined) throw buildFailure(service, failure, last.lines);
  } catch (error) {
    if (expiry.aborted)
      throw buildFailure(service, `it took longer than ${Math.round(limitMs / 60_000)} minutes`, last.lines);
    throw error;
  }
}
