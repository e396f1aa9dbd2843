import { silent } from '../log';
import { openRegistry } from './open';

/** A process of the contract suite: takes a lease, says its fence, keeps it, and says when it is lost. */
async function hold(): Promise<void> {
  const registry = await openRegistry(process.env['REGISTRY_URL'] ?? '', silent);
  const seconds = Number(process.env['LEASE_SECONDS']);
  const lease = await registry.lease(process.env['LEASE_NAME'] ?? '', 'child', seconds);
  process.stdout.write(lease ? `fence ${lease.fence}\n` : 'not free\n');
  lease?.lost.addEventListener('abort', () => process.stdout.write('lost\n'));
}

void hold();
