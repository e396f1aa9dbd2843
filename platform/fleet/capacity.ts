import type { Queryable } from '../database/postgres';

/** How many instances of a service an environment shall have, and who said so. */
export interface Capacity extends Bounds {
  readonly author: string;
  readonly reason: string;
  readonly at: Date;
}

export interface Bounds {
  readonly wanted: number;
  readonly min: number;
  readonly max: number;
}

/** The reason of rows that a deployment takes from the catalog. */
const FROM_CATALOG = 'as in the catalog';

/** Adds a row; the newest row is in force. */
export async function setCapacity(
  database: Queryable,
  service: string,
  environment: string,
  { wanted, min, max }: Bounds,
  author: string,
  reason: string,
): Promise<void> {
  await database.query(
    `INSERT INTO fleet.capacity (service, environment, wanted, min, max, author, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [service, environment, wanted, min, max, author, reason],
  );
}

/**
 * What is in force for a deployment. The catalog's numbers enter the ledger with the first deployment, and again when
 * somebody changed them there; otherwise what a person or the autoscaler set stays.
 */
export async function settleCapacity(
  database: Queryable,
  service: string,
  environment: string,
  catalog: Bounds,
  author: string,
): Promise<Bounds> {
  const { rows } = await database.query<Bounds & { reason: string }>(
    `(SELECT wanted, min, max, reason FROM fleet.capacity
      WHERE service = $1 AND environment = $2 AND reason = $3 ORDER BY id DESC LIMIT 1)
     UNION ALL
     (SELECT wanted, min, max, reason FROM fleet.capacity WHERE service = $1 AND environment = $2 ORDER BY id DESC LIMIT 1)`,
    [service, environment, FROM_CATALOG],
  );
  const noted = rows.find(({ reason }) => reason === FROM_CATALOG);
  const same = noted?.wanted === catalog.wanted && noted.min === catalog.min && noted.max === catalog.max;
  if (same) return rows.at(-1) ?? catalog;
  await setCapacity(database, service, environment, catalog, author, FROM_CATALOG);
  return catalog;
}

/** The newest row of each of the services in each of the environments, by `service/environment`. */
export async function capacities(
  database: Queryable,
  services: readonly string[],
  environments: readonly string[],
): Promise<Map<string, Capacity>> {
  const { rows } = await database.query<Capacity & { service: string; environment: string }>(
    `SELECT c.* FROM unnest($1::text[]) AS s (service), unnest($2::text[]) AS e (environment), LATERAL (
       SELECT * FROM fleet.capacity
       WHERE service = s.service AND environment = e.environment ORDER BY id DESC LIMIT 1) c`,
    [services, environments],
  );
  return new Map(rows.map((row) => [`${row.service}/${row.environment}`, row]));
}
