import { isAbsolute, normalize } from 'node:path';
import { EdwinError } from '../errors';
import type { BuildRequest } from './images';

/** `images.build-failed`, which ends with the build's last lines. */
export function buildFailure(service: string, why: string, lastLines: readonly string[] = []): EdwinError {
  const lines = lastLines.length > 0 ? `. Its last lines:\n${lastLines.join('\n')}\n` : '.';
  return new EdwinError('images.build-failed', `The build of ${service} failed: ${why}${lines}`);
}

/** @throws `images.build-failed` when a path of the recipe leads out of the repository */
export function checkInside({ service, recipe }: BuildRequest): void {
  for (const [name, path] of [
    ['context', recipe.context],
    ['Dockerfile', recipe.dockerfile ?? '.'],
  ] as const)
    if (isAbsolute(path) || normalize(path).split('/')[0] === '..')
      throw buildFailure(service, `its ${name} ${path} is not inside the repository`);
}
