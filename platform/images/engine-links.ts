import type { Engines } from '../docker/engines';
import { type Link, openLink } from '../docker/link';

/** Links to engines, opened when they are first needed. */
export interface EngineLinks {
  /** @throws `hosts.unknown-host` */
  of(host: string): Link;
  /** Links to all hosts. */
  all(): Link[];
  /** The first host that answers, else the first, so that its trouble is told. */
  reached(): Promise<Link>;
  close(): Promise<void>;
}

/** Takes over `engines`, and closes them with the links. */
export function openEngineLinks(engines: Engines): EngineLinks {
  const links = new Map<ReturnType<Engines['get']>, Link>();
  engines.onChange(() => {
    const there = new Set(engines.list());
    for (const [engine, link] of links) {
      if (there.has(engine)) continue;
      links.delete(engine);
      void link.close();
    }
  });
  const linkOf = (engine: ReturnType<Engines['get']>): Link => {
    const link = links.get(engine) ?? openLink(engine, async () => undefined);
    links.set(engine, link);
    return link;
  };
  const all = () => engines.list().map(linkOf);
  return {
    of: (host) => linkOf(engines.get(host)),
    all,
    async reached() {
      for (const link of all()) {
        await link.known();
        if (link.reached) return link;
      }
      return all()[0]!;
    },
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
      engines.close();
    },
  };
}
