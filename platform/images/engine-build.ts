import type { Readable } from 'node:stream';
import type { Engine } from '../docker/engine';
import { statusOf, wordsOf } from '../docker/failure';
import { openBuildReport } from './buildkit-report';
import { openBuildSession } from './buildkit-session';
import { type EngineMessage, type EngineWork, workOnEngine } from './engine-stream';
import type { LastLines, Listener } from './last-lines';
import type { Credentials } from './registry-login';

export interface EngineBuild {
  readonly context: Readable;
  readonly dockerfile: string;
  readonly target: string | undefined;
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly builder: 'buildkit' | 'classic';
  /** Login for base images of this registry. */
  readonly login: { readonly host: string; readonly credentials: Credentials | undefined };
  /** Of what the build writes. */
  readonly listen: LastLines['listen'];
}

/**
 * Builds on an engine, by BuildKit or by the classic builder; gives why it failed, undefined when the image is there
 * under its tag. The tag is given to what was built to its end, and to nothing else; the build ends with its connection.
 * @throws what dockerode throws when the engine is lost
 */
export async function buildOnEngine(
  engine: Engine,
  build: EngineBuild,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = {
    dockerfile: build.dockerfile,
    target: build.target,
    t: build.tag,
    labels: JSON.stringify(build.labels),
    buildargs: JSON.stringify(build.buildArguments),
    rm: '1',
    forcerm: '1',
  };
  try {
    return await (build.builder === 'buildkit' ? withBuildKit : withClassic)(engine, build, options, signal);
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    return wordsOf(error);
  }
}

type Options = Readonly<Record<string, string | undefined>>;

async function withClassic(engine: Engine, build: EngineBuild, options: Options, signal: AbortSignal) {
  const listener = build.listen();
  const onMessage = ({ stream }: EngineMessage): void => listener.hear(stream ?? '');
  const { host, credentials } = build.login;
  const registryconfig = credentials && { [host]: { username: credentials.user, password: credentials.password } };
  const work: EngineWork = { path: '/build?', options: { ...options, version: '1' }, file: build.context, onMessage };
  const failure = await workOnEngine(engine, { ...work, ...(registryconfig && { registryconfig }) }, signal);
  listener.flush();
  return failure;
}

async function withBuildKit(engine: Engine, build: EngineBuild, options: Options, signal: AbortSignal) {
  const report = openBuildReport();
  const listeners = new Map<string, Listener>();
  const onMessage = ({ id, aux }: EngineMessage): void => {
    if (id !== 'moby.buildkit.trace' || typeof aux !== 'string') return;
    for (const { of, text } of report.read(aux)) {
      const listener = listeners.get(of) ?? build.listen();
      listeners.set(of, listener);
      listener.hear(text);
    }
  };
  const { host, credentials } = build.login;
  const session = await openBuildSession(engine, async (asked) => (asked === host ? credentials : undefined));
  try {
    const query = { ...options, version: '2', session: session.id };
    const work: EngineWork = { path: '/build?', options: query, file: build.context, onMessage };
    const failure = await workOnEngine(engine, work, signal);
    for (const { flush } of listeners.values()) flush();
    return failure;
  } finally {
    session.close();
  }
}
