import { EdwinError, explain } from '../platform/errors';
import type { Fleet } from '../platform/fleet/fleet';
import type { Logger } from '../platform/log';

/** How many services are built and deployed at once. */
const AT_ONCE = 2;

/**
 * Builds and deploys to the first environment every service that nobody has deployed there yet, so that a first start
 * ends with a product that answers. What fails is told in the channel like any deployment and left to people.
 */
export async function fillFirst(fleet: Fleet, log: Logger, signal: AbortSignal): Promise<void> {
  const environment = fleet.environments[0];
  if (environment === undefined) return;
  const cells = await fleet.status({ environment });
  const empty = cells
    .filter(({ service, serving, running, last }) => {
      return fleet.services.includes(service) && !serving && !running && !last;
    })
    .map(({ service }) => service);
  const work = async (): Promise<void> => {
    for (let service = empty.shift(); service !== undefined && !signal.aborted; service = empty.shift()) {
      try {
        const { release } = await fleet.build({ service, ref: undefined, requestedBy: 'edwin' });
        await fleet.request({
          kind: 'deployment',
          service,
          environment,
          release: release.number,
          requestedBy: 'edwin',
          key: `first ${service} ${environment}`,
        });
      } catch (error) {
        if (!(error instanceof EdwinError)) throw error;
        log.warn({ error, service }, `${service} is not in ${environment} yet: ${explain(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
