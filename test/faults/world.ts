import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalog } from '../../platform/catalog-file';
import type { Edge } from '../../platform/edge/edge';
import { openFleet, type RunningFleet } from '../../platform/fleet/open';
import type { Boundary } from '../../platform/fleet/parts';
import type { Hosts } from '../../platform/hosts/hosts';
import { openHosts } from '../../platform/hosts/open';
import type { Images } from '../../platform/images/images';
import { openImages } from '../../platform/images/open';
import { type Logger, silent } from '../../platform/log';
import { openRegistry } from '../../platform/registry/open';
import type { Registry } from '../../platform/registry/registry';
import { openSecrets } from '../../platform/secrets';
import { createTestDatabase, type TestDatabase } from '../database';
import { type EdgeAddress, openTestEdge, startTestEdge } from './edge';
import { createProduct, type Product } from './product';

const environments = ['stage', 'prod'] as const;
export type EnvironmentName = (typeof environments)[number];

/** Where everything is: enough for another process to open the same world. */
export interface WorldAddress {
  readonly control: string;
  readonly registries: Readonly<Record<EnvironmentName, string>>;
  readonly data: string;
  readonly catalogPath: string;
  readonly edge: EdgeAddress;
}

/** The real parts, opened in this process. */
export interface Parts {
  readonly hosts: Hosts;
  readonly images: Images;
  readonly edge: Edge;
  readonly registries: Readonly<Record<EnvironmentName, Registry>>;
  close(): Promise<void>;
}

/** A controller in this process, on the real parts. */
export interface Controller extends Parts {
  readonly fleet: RunningFleet;
}

export interface ControllerOptions {
  readonly boundary?: (boundary: Boundary) => Promise<void>;
  readonly log?: Logger;
  /** What instances are given to connect with; default: nothing. */
  readonly connections?: () => Readonly<Record<string, string>>;
}

export async function openParts(address: WorldAddress, log: Logger = silent): Promise<Parts> {
  const hosts = await openHosts('local:', { data: address.data, log });
  const images = await openImages('local:', { data: address.data, log });
  const edge = await openTestEdge(address.edge);
  const stage = await openRegistry(address.registries.stage, log);
  const prod = await openRegistry(address.registries.prod, log);
  const close = async (): Promise<void> => {
    await Promise.all([hosts.close(), edge.close(), stage.close(), prod.close()]);
  };
  return { hosts, images, edge, registries: { stage, prod }, close };
}

/** A fleet on parts that stay open when it is closed. */
export function openFleetOn(
  { hosts, images, edge, registries }: Parts,
  address: WorldAddress,
  holder: string,
  { boundary, log = silent, connections = () => ({}) }: ControllerOptions = {},
): Promise<RunningFleet> {
  return openFleet({
    databaseUrl: address.control,
    hosts,
    images,
    edge,
    environments: new Map(environments.map((name) => [name, { registry: registries[name], connections }])),
    catalog: () => loadCatalog(address.catalogPath),
    catalogPath: address.catalogPath,
    secrets: openSecrets(join(address.data, 'secrets')),
    edwinUrl: 'http://127.0.0.1:4400',
    outerEnv: { PATH: process.env['PATH'] },
    holder,
    log,
    ...(boundary && { boundary }),
  });
}

export async function openController(
  address: WorldAddress,
  holder: string,
  options: ControllerOptions = {},
): Promise<Controller> {
  const parts = await openParts(address, options.log);
  const fleet = await openFleetOn(parts, address, holder, options);
  const close = async (): Promise<void> => {
    await fleet.close();
    await parts.close();
  };
  return { ...parts, fleet, close };
}

/** A product, its databases, a data folder and an edge, for one test file. */
export interface World {
  readonly address: WorldAddress;
  readonly product: Product;
  /** Stops every instance and removes everything. */
  close(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-fleet-'));
  const product = createProduct(join(folder, 'product'));
  const databases: TestDatabase[] = [];
  for (let i = 0; i < 3; i++) databases.push(await createTestDatabase());
  const [control, stage, prod] = databases.map(({ url }) => url) as [string, string, string];
  const data = join(folder, 'data');
  const edge = await startTestEdge(folder);
  return {
    product,
    address: { control, registries: { stage, prod }, data, catalogPath: product.catalogPath, edge: edge.address },
    async close() {
      const hosts = await openHosts('local:', { data, log: silent });
      const instances = await hosts.instances();
      await Promise.all(instances.map(({ id }) => hosts.stop(id, { graceSeconds: 1 })));
      await hosts.close();
      await edge.stop();
      for (const database of databases) await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
