import type { ImageInspectInfo } from 'dockerode';
import type { Engine } from '../docker/engine';
import { statusOf, wordsOf } from '../docker/failure';
import { workOnEngine } from './engine-stream';
import type { Credentials } from './registry-login';

/** An engine that gets no answer from a registry says nothing; so long is nothing moved before it is given up. */
const IDLE_MS = 60_000;

/** Undefined when the engine has no image of that name. */
export async function inspectImage(engine: Engine, name: string): Promise<ImageInspectInfo | undefined> {
  try {
    return await engine.calls.getImage(name).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** True when the image was pulled or pushed under that digest: the engine itself has compared it. */
export function hasDigest({ Id, RepoDigests }: ImageInspectInfo, digest: string): boolean {
  return Id === digest || (RepoDigests ?? []).some((each) => each.endsWith(`@${digest}`));
}

export async function tagImage(engine: Engine, name: string, tag: string): Promise<void> {
  const [, repo, word] = /^(.*):([^:/]+)$/.exec(tag) as unknown as [string, string, string];
  await engine.calls.getImage(name).tag({ repo, tag: word });
}

/** The name, and the image if it has no other. One that an instance runs from stays. */
export async function untagImage(engine: Engine, name: string): Promise<void> {
  try {
    await engine.calls.getImage(name).remove();
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  }
}

/** Names of what was built for a service, newest first. */
export async function builtImages(engine: Engine, service: string): Promise<string[]> {
  const filters = { reference: [`${BUILD_REPOSITORY}:*`], label: [`edwin.service=${service}`] };
  const found = await engine.calls.listImages({ filters });
  const made = (labels: Record<string, string> | null) => labels?.['org.opencontainers.image.created'] ?? '';
  return found
    .toSorted((a, b) => made(b.Labels).localeCompare(made(a.Labels)))
    .flatMap(({ RepoTags }) => (RepoTags ?? []).filter((tag) => tag.startsWith(`${BUILD_REPOSITORY}:`)));
}

/** What an engine has built is kept there under this name, so that a push that failed can be repeated. */
export const BUILD_REPOSITORY = 'edwin-build';

export interface Transfer {
  /** `host:port/repository` */
  readonly repository: string;
  readonly credentials: Credentials | undefined;
  readonly idleMs?: number;
}

/** Gives what went wrong, if something did. @throws what dockerode throws when the engine is lost */
export function pullImage(
  engine: Engine,
  digest: string,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = { fromImage: transfer.repository, tag: digest };
  return move(engine, '/images/create?', options, transfer, signal);
}

/** As `pullImage`. */
export function pushImage(
  engine: Engine,
  tag: string,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<string | undefined> {
  return move(engine, `/images/${transfer.repository}/push?`, { tag }, transfer, signal);
}

async function move(
  engine: Engine,
  path: string,
  options: Readonly<Record<string, string>>,
  { repository, credentials, idleMs = IDLE_MS }: Transfer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [serveraddress] = repository.split('/');
  // Engines want the header even where there is no login.
  const authconfig = credentials
    ? { username: credentials.user, password: credentials.password, serveraddress }
    : { serveraddress };
  try {
    return await workOnEngine(engine, { path, options, authconfig, idleMs }, signal);
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    return wordsOf(error);
  }
}
