import { routeOf } from './route';

describe('route of a request', () => {
  it.each([
    ['/webhook?hub.mode=subscribe', '/webhook'],
    ['/', '/'],
    ['/stage/gateway/webhook', '/stage/gateway/webhook'],
    ['/v23.0/me/messages', '/v23.0/me/messages'],
    ['/students/4711/answers', '/students/:id/answers'],
    ['/operations/01J9ZC3T8K', '/operations/:id'],
    ['/x/3f2a9c1e-1111-4222-8333-944455556666', '/x/:id'],
    ['/a/b/c/d/e/f/g', '/a/b/c/d/e/*'],
    ['/%2e%2e/secret', '/:id/secret'],
  ])('%s is %s', (url, route) => {
    expect(routeOf(url)).toBe(route);
  });
});
