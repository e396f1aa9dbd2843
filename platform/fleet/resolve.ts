import { EdwinError } from '../errors';
import type { OperationRequest } from './fleet';

/** What is known when a release has to be chosen. Numbers of releases of one service. */
export interface Known {
  /** In promotion order. */
  readonly environments: readonly string[];
  readonly newest: number | undefined;
  /** Environment → release that serves there. */
  readonly serving: Readonly<Record<string, number | undefined>>;
  /** Operations of this environment that ended as done, oldest first. */
  readonly done: readonly { readonly kind: 'deployment' | 'rollback'; readonly to: number }[];
}

/**
 * The release an operation moves to.
 * @throws `fleet.nothing-built`, `fleet.nothing-proven`, `fleet.nothing-before`
 */
export function resolveRelease(request: OperationRequest, known: Known): number {
  const { service, environment, release } = request;
  if (request.kind === 'rollback') {
    if (known.serving[environment] === undefined)
      throw new EdwinError('fleet.nothing-before', `Nothing serves ${service} in ${environment}.`);
    return release ?? releaseBefore(request, known);
  }
  if (release !== undefined) return release;
  const before = known.environments[known.environments.indexOf(environment) - 1];
  if (before === undefined) {
    if (known.newest === undefined) throw new EdwinError('fleet.nothing-built', `${service} was never built.`);
    return known.newest;
  }
  const proven = known.serving[before];
  if (proven === undefined)
    throw new EdwinError(
      'fleet.nothing-proven',
      `No release of ${service} serves in ${before}, which comes before ${environment}.`,
    );
  return proven;
}

function releaseBefore({ service, environment }: OperationRequest, known: Known): number {
  const trail = trailOf(known);
  const before = trail.at(-2);
  if (before === undefined)
    throw new EdwinError('fleet.nothing-before', `No other release of ${service} served in ${environment} before.`);
  return before;
}

/**
 * Releases that served, oldest first, without those that were rolled back: a second rollback goes further back
 * instead of returning to what was just left.
 */
function trailOf({ done }: Known): number[] {
  const trail: number[] = [];
  for (const { kind, to } of done) {
    if (kind === 'rollback') {
      const kept = trail.lastIndexOf(to);
      trail.splice(kept === -1 ? Math.max(0, trail.length - 1) : kept);
    }
    if (trail.at(-1) !== to) trail.push(to);
  }
  return trail;
}
