import type { Upstream } from './upstream';

/**
 * The ready server with the fewest sessions, in turn among equals; one that refused lately, or that this request has
 * `tried`, only when there is no other. Undefined when no ready server is believed to be up.
 */
export function choose(
  servers: readonly Upstream[],
  turn: number,
  now: number,
  tried: ReadonlySet<Upstream>,
): Upstream | undefined {
  let best: Upstream | undefined;
  let again: Upstream | undefined;
  for (let i = 0; i < servers.length; i++) {
    const server = servers[(turn + i) % servers.length]!;
    if (server.state !== 'ready' || server.isDown(now)) continue;
    if (tried.has(server)) again = fewer(again, server);
    else best = fewer(best, server);
  }
  return best ?? again;
}

function fewer(best: Upstream | undefined, other: Upstream): Upstream {
  return best === undefined || other.sessions.size < best.sessions.size ? other : best;
}
