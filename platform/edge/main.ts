import { edgeRequests, edgeRetries } from '../metrics';
import { runProgram } from '../program';
import type { Pool } from './edge';
import { startEdge } from './start';

const CLOSE_GRACE_MS = 800;
const nameOf = (pool: Pool | undefined): string => (pool ? `${pool.environment}/${pool.service}` : 'none');

/** The embedded edge: traffic on EDGE_PORT, control on EDGE_ADMIN_PORT, health and metrics on PORT. */
runProgram('edge', ['edge'], async ({ config, log, onStop, serve }) => {
  const edge = await startEdge({
    host: config.HOST,
    port: config.EDGE_PORT,
    adminPort: config.EDGE_ADMIN_PORT,
    token: config.EDGE_TOKEN,
    stateFile: config.EDGE_STATE,
    log,
    observer: {
      request: (pool, status, seconds) => edgeRequests.observe({ pool: nameOf(pool), status }, seconds),
      retry: (pool, reason) => edgeRetries.inc({ pool: nameOf(pool), reason }),
    },
  });
  onStop('traffic', () => edge.close(CLOSE_GRACE_MS));
  log.info({ port: edge.port, adminPort: edge.adminPort }, `Traffic comes in on ${config.HOST}:${edge.port}`);
  await serve();
});
