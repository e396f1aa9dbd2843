import type { Readable } from 'node:stream';
import type { ContainerInspectInfo } from 'dockerode';
import type { Engine } from '../docker/engine';
import { statusOf } from '../docker/failure';
import { MARK_LABEL } from './docker-container';
import type { LogQuery } from './docker-logs';

/** A container by name or id; undefined when there is none. */
export async function inspectContainer(
  engine: Engine,
  id: string,
  abortSignal: AbortSignal,
): Promise<ContainerInspectInfo | undefined> {
  try {
    return await engine.calls.getContainer(id).inspect({ abortSignal });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Starts and exits of instances from now on. */
export function openEvents(engine: Engine, abortSignal: AbortSignal): Promise<Readable> {
  const filters = { type: ['container'], event: ['start', 'die'], label: [MARK_LABEL] };
  return openStream(engine, '/events?', { filters }, abortSignal);
}

/** The log with times, stdout and stderr in one. */
export function openLog(engine: Engine, id: string, query: LogQuery, abortSignal: AbortSignal): Promise<Readable> {
  const options = { stdout: true, stderr: true, timestamps: true, ...query };
  return openStream(engine, `/containers/${encodeURIComponent(id)}/logs?`, options, abortSignal);
}

/** dockerode itself keeps a log in memory unless it is followed. */
function openStream(engine: Engine, path: string, options: object, abortSignal: AbortSignal): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const request = {
      path,
      method: 'GET',
      isStream: true,
      statusCodes: { 200: true },
      options: { ...options },
      abortSignal,
    };
    engine.streams.modem.dial(request, (error, answer) => {
      if (error) return reject(error);
      const stream = answer as Readable;
      // Whoever reads it hears of its end; before anybody does it must not end the process.
      stream.on('error', () => undefined);
      resolve(stream);
    });
  });
}
