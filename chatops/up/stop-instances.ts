import { openHosts } from '../../platform/hosts/open';
import { silent } from '../../platform/log';

/** Less than a rollout allows: Ctrl-C has to be through within ten seconds, and what is cut off is taken up again. */
const GRACE_SECONDS = 4;

/** Stops every instance of this data folder, all at once. What serves is started again at the next start. */
export async function stopInstances(data: string): Promise<void> {
  const hosts = await openHosts('local:', { data, log: silent });
  try {
    const running = (await hosts.instances()).filter(({ state }) => state === 'running');
    await Promise.all(running.map(({ id }) => hosts.stop(id, { graceSeconds: GRACE_SECONDS })));
  } finally {
    await hosts.close();
  }
}
