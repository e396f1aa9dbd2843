import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Cell } from './cell';
import type { Release } from './fleet';
import { environmentOf, type FleetParts } from './parts';

const derive = promisify<string, string, number, { readonly N: number }, Buffer>(scrypt);
const MARK_BYTES = 16;
/** Passwords may be short where people chose them: guessing them from the mark costs about 3 ms of a processor each. */
const COST = 1_024;

/**
 * A mark of what instances of the release are given to connect with, as 32 hex digits: the same as long as none of
 * their addresses and passwords changes. Nobody reads the passwords from it.
 */
export async function markOfConnections(
  parts: Pick<FleetParts, 'environments'>,
  { environment, service }: Cell,
  { snapshot }: Release,
): Promise<string> {
  const given = Object.entries(environmentOf(parts, environment).connections(snapshot)).sort();
  const mark = await derive(JSON.stringify(given), `${environment}/${service}`, MARK_BYTES, { N: COST });
  return mark.toString('hex');
}
