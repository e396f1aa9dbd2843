import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** 50 ms of waiting for each request, as a program that asks a database; ends at once when told. */
const web = `
const version = require('node:fs').readFileSync('version', 'utf8');
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/healthz') return response.end('ok');
  setTimeout(() => response.end(version), 50);
});
server.keepAliveTimeout = 65000;
server.listen(Number(process.env.PORT || 8080), process.env.HOST || '0.0.0.0');
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

/** Has always one piece of work of 20 ms in hand, and finishes it before it ends. */
const worker = `
let ending = false;
const work = () => ending ? process.exit(0) : setTimeout(work, 20);
process.on('SIGTERM', () => { ending = true; });
require('node:http').createServer((_, response) => response.end('ok')).listen(Number(process.env.PORT || 8080), process.env.HOST || '0.0.0.0');
work();
`;

const dockerfile = `FROM node:24-slim AS web
WORKDIR /app
COPY web.js version ./
USER node
ENTRYPOINT ["node", "web.js"]
FROM node:24-slim AS worker
WORKDIR /app
COPY worker.js version ./
USER node
ENTRYPOINT ["node", "worker.js"]
`;

const service = (name: string, kind: string) => `  ${name}:
    kind: ${kind}
    build: { dockerfile: Dockerfile, target: ${name} }
    health: /healthz
    instances: 6
    resources: { memory: 128, cpus: 0.2 }
    rollout: { drainSeconds: 5, stopGraceSeconds: 5 }
`;

/** A repository with an HTTP service and a worker, six instances each. */
export function rolloutProduct(): string {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-rollout-'));
  const catalog = `product: rollout\nenvironments: [stage]\nservices:\n${service('web', 'http')}${service('worker', 'worker')}`;
  const files = { 'web.js': web, 'worker.js': worker, Dockerfile: dockerfile, 'edwin.yaml': catalog, version: '1' };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: folder });
  return folder;
}

export function setVersion(folder: string, version: number): void {
  writeFileSync(join(folder, 'version'), String(version));
}
