import { route, seen } from './state.js';

/**
 * Addresses of the page: `#board`, `#traces`, `#logs`, `#service/<env>/<service>`, `#trace/<env>/<id>`,
 * `#message/<channel>/<ts>`. Links in messages may begin with `#/`.
 */
export function parse(hash) {
  const parts = hash.replace(/^#\/?/, '').split('?')[0].split('/').map(decodeURIComponent);
  const [page, a, b] = parts;
  if (page === 'service' && b) return { page, environment: a, service: b };
  if ((page === 'trace' || page === 'traces') && b) return { page: 'trace', environment: a, id: b };
  if (page === 'traces' || page === 'logs') return { page };
  if (page === 'message' && b) return { page: 'board', channel: a, ts: b };
  return { page: 'board' };
}

export function follow() {
  const go = () => {
    route.value = parse(location.hash);
    if (route.value.channel) seen.value = 'chat';
    else if (location.hash !== '') seen.value = 'route';
  };
  addEventListener('hashchange', go);
  go();
}

/** The tab that a page belongs to. */
export const tabOf = ({ page }) => (page === 'trace' ? 'traces' : page === 'service' ? 'board' : page);
