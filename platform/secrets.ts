import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EdwinError } from './errors';

/**
 * Secrets of the environments, kept in `<folder>/<environment>.json` (readable by the owner alone). A value is never
 * changed: setting it again adds a version, so that a rollback finds the one its release was made with.
 */
export interface Secrets {
  /** Newest version number of each secret. */
  versions(environment: string): Record<string, number>;
  /**
   * Values by name; a version not given means the newest.
   * @throws `secret.missing` naming what is not there
   */
  values(
    environment: string,
    names: readonly string[],
    versions?: Readonly<Record<string, number>>,
  ): Record<string, string>;
  /** Adds a version and returns its number; setting the value in force again adds none. */
  set(environment: string, name: string, value: string): number;
}

export function openSecrets(folder: string): Secrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (environment: string) => join(folder, `${environment}.json`);
  const read = (environment: string): Record<string, string[]> =>
    existsSync(fileOf(environment)) ? JSON.parse(readFileSync(fileOf(environment), 'utf8')) : {};
  return {
    versions: (environment) =>
      Object.fromEntries(Object.entries(read(environment)).map(([name, all]) => [name, all.length])),
    values(environment, names, versions = {}) {
      const known = read(environment);
      const pairs = names.map((name) => {
        const all = known[name] ?? [];
        const value = all[(versions[name] ?? all.length) - 1];
        if (value === undefined) throw new EdwinError('secret.missing', `${environment} has no secret ${name}.`);
        return [name, value] as const;
      });
      return Object.fromEntries(pairs);
    },
    set(environment, name, value) {
      const known = read(environment);
      const all = known[name] ?? [];
      if (all.at(-1) === value) return all.length;
      known[name] = [...all, value];
      const temporary = `${fileOf(environment)}.new`;
      writeFileSync(temporary, JSON.stringify(known, null, 1), { mode: 0o600 });
      chmodSync(temporary, 0o600);
      renameSync(temporary, fileOf(environment));
      return known[name].length;
    },
  };
}
