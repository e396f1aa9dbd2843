import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { loadCatalog } from '../../platform/catalog-file';
import { EdwinError } from '../../platform/errors';
import { openSecrets } from '../../platform/secrets';
import { either } from '../time';
import type { CliOptions } from './options';
import { nearestData } from './running';

export const secretUsage = 'Usage: edwin secret set <env> <NAME>   (the value comes from standard input)';

/**
 * Sets a secret in the data folder; Edwin need not run. The value comes from standard input, never from an argument,
 * which every user of the machine could see.
 * @returns a sentence for the person
 */
export async function setSecret(
  { words, data }: CliOptions,
  input: Readable & { isTTY?: boolean },
  from: string,
): Promise<string> {
  const [, verb, environment, name, ...more] = words;
  const catalogOption = more[0] === '--catalog' ? more[1] : undefined;
  if (
    verb !== 'set' ||
    environment === undefined ||
    name === undefined ||
    (more.length > 0 && catalogOption === undefined)
  ) {
    throw new EdwinError('chat.usage', secretUsage);
  }
  if (!/^[A-Z][A-Z0-9_]{0,99}$/.test(name))
    throw new EdwinError('chat.usage', `A secret is named like an environment variable, not ${name}.`);
  const { environments } = loadCatalog(resolve(from, catalogOption ?? 'edwin.yaml'));
  if (!environments.includes(environment)) {
    throw new EdwinError(
      'fleet.unknown-environment',
      `There is no environment ${environment}; there are ${either(environments)}.`,
    );
  }
  const value = (await readAll(input)).replace(/\r?\n$/, '');
  if (value === '') throw new EdwinError('chat.usage', `The value of ${name} is empty.`);
  const version = openSecrets(join(data === undefined ? nearestData(from) : resolve(from, data), 'secrets')).set(
    environment,
    name,
    value,
  );
  return `${name} of ${environment} is set, version ${version}. Releases built from now on use it.`;
}

async function readAll(input: Readable): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  for await (const chunk of input) text += chunk;
  return text;
}
