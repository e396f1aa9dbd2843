import type { Pool } from './edge';

export interface Route extends Pool {
  /** `/environment/service` */
  readonly prefix: string;
  /** What the server is asked for, with query. */
  readonly path: string;
}

const pattern = /^\/([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9-]{0,62})(?=[/?]|$)/;

/** Undefined when the address names no pool. */
export function routeOf(url: string): Route | undefined {
  const [prefix, environment, service] = pattern.exec(url) ?? [];
  if (prefix === undefined) return undefined;
  const rest = url.slice(prefix.length);
  return { environment: environment!, service: service!, prefix, path: rest.startsWith('/') ? rest : `/${rest}` };
}
