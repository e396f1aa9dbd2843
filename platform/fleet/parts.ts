import type { Catalog } from '../catalog';
import type { Pool } from '../database/postgres';
import type { Edge } from '../edge/edge';
import type { Hosts } from '../hosts/hosts';
import type { Images } from '../images/images';
import type { Logger } from '../log';
import type { Registry } from '../registry/registry';
import type { Secrets } from '../secrets';
import type { ReleaseSnapshot } from './fleet';
import type { Journal } from './journal';
import type { Listing } from './listing';
import type { StepName } from './plan';
import type { Releases } from './releases';

/** What the fleet works with. */
export interface FleetDeps {
  /** Address of the control database; the fleet owns its schema `fleet`. */
  readonly databaseUrl: string;
  readonly hosts: Hosts;
  readonly images: Images;
  readonly edge: Edge;
  /** One for each environment of the catalog. */
  readonly environments: ReadonlyMap<string, EnvironmentParts>;
  /** The catalog as it is now: services, environments, instances wanted. Releases are made from the commit's own. */
  readonly catalog: () => Catalog;
  /** Where the catalog lies, inside the git repository that is built. */
  readonly catalogPath: string;
  readonly secrets: Secrets;
  /** Address of the page, told to instances. */
  readonly edwinUrl: string;
  /** Edwin's own environment, the last place where names in settings are looked up. */
  readonly outerEnv: Readonly<Record<string, string | undefined>>;
  /** Who this controller is, different for each process. */
  readonly holder: string;
  readonly log: Logger;
  /** Awaited wherever a crash leaves the journal and the world in a different relation. */
  readonly boundary?: (boundary: Boundary) => Promise<void>;
}

/** What opens one environment; nothing of another is reachable through it. */
export interface EnvironmentParts {
  readonly registry: Registry;
  /** Variables that connect an instance: `DATABASE_URL`, `QUEUE_URL`, `GRAPH_URL` as it needs them, and telemetry. */
  connections(snapshot: ReleaseSnapshot): Readonly<Record<string, string>>;
}

export interface Boundary {
  readonly step: StepName;
  /** Its start is journaled; it acted in part; it acted; its end is journaled. */
  readonly moment: 'started' | 'amid' | 'acted' | 'done';
  readonly operation: number;
}

/** The deps, and what the fleet opens on them. */
export interface FleetParts extends FleetDeps {
  readonly pool: Pool;
  readonly journal: Journal;
  readonly releases: Releases;
  readonly listing: Listing;
}

export function environmentOf(parts: Pick<FleetDeps, 'environments'>, name: string): EnvironmentParts {
  const environment = parts.environments.get(name);
  if (environment === undefined) throw new Error(`no parts for environment ${name}`);
  return environment;
}
