import type { Readable } from 'node:stream';
import type { Engine } from '../docker/engine';

/** What engines report while they build, push and pull: JSON objects, one a line. */
export interface EngineMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly aux?: unknown;
}

export interface EngineWork {
  /** With a `?` at its end when there are options. */
  readonly path: string;
  readonly options?: Readonly<Record<string, string | undefined>>;
  readonly file?: Readable;
  /** For headers X-Registry-Auth and X-Registry-Config: they are neither logged nor part of the address. */
  readonly authconfig?: object;
  readonly registryconfig?: object;
  readonly onMessage?: (message: EngineMessage) => void;
  /** How long nothing may be reported; default: as long as the signal lets it. */
  readonly idleMs?: number;
}

const LINE_LIMIT = 8 * 1024 * 1024;

/**
 * Does long work on an engine, to its end; gives what went wrong as the engine or the registry behind it says.
 * @throws what dockerode throws when the engine refuses or is lost
 */
export async function workOnEngine(engine: Engine, work: EngineWork, signal: AbortSignal): Promise<string | undefined> {
  let idle = false;
  const giveUp = new AbortController();
  const stop = (): void => giveUp.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const silent = (): void => {
    idle = true;
    stop();
  };
  const timer = work.idleMs === undefined ? undefined : setTimeout(silent, work.idleMs);
  try {
    const stream = await start(engine, work, giveUp.signal);
    return await follow(stream, (message) => {
      timer?.refresh();
      work.onMessage?.(message);
    });
  } catch (error) {
    if (idle) return `nothing moved for ${work.idleMs! / 1_000} s`;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    stop();
    work.file?.destroy();
  }
}

function start(engine: Engine, work: EngineWork, abortSignal: AbortSignal): Promise<Readable> {
  const { path, file, authconfig, registryconfig } = work;
  const options = Object.fromEntries(Object.entries(work.options ?? {}).filter(([, value]) => value !== undefined));
  const statusCodes = { 200: true, 400: 'bad parameter', 404: 'not found', 500: 'server error' };
  const request = {
    ...{ method: 'POST', isStream: true, path, options, statusCodes, abortSignal },
    ...(file && { file }),
    ...(authconfig && { authconfig }),
    ...(registryconfig && { registryconfig }),
  };
  return new Promise((resolve, reject) => {
    // The context may fail before the engine answers, and the engine may answer before it has read the context.
    file?.once('error', reject);
    engine.streams.modem.dial(request, (error, stream) => (error ? reject(error) : resolve(stream as Readable)));
  });
}

async function follow(stream: Readable, onMessage: (message: EngineMessage) => void): Promise<string | undefined> {
  let rest = '';
  let failure: string | undefined;
  const take = (line: string): void => {
    if (line.trim() === '') return;
    const message = JSON.parse(line) as EngineMessage;
    failure ??= message.error?.trim();
    onMessage(message);
  };
  for await (const piece of stream.setEncoding('utf8')) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    if (rest.length > LINE_LIMIT) throw new Error('the engine writes a line without end');
    lines.forEach(take);
  }
  take(rest);
  return failure;
}
