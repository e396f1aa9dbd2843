import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the instances of a commit behave. */
export interface Behaviour {
  /** Any text; makes commits differ. */
  readonly version: string;
  /** `exits` with status 3 at start; `sick` for ever; `fleeting`: exits with status 4 soon after it was healthy. */
  readonly health?: 'well' | 'exits' | 'sick' | 'fleeting';
}

/** A small product under git: an http service `web` and a worker `jobs`, in environments `stage` and `prod`. */
export interface Product {
  readonly catalogPath: string;
  /** Commits a behaviour and gives the commit's id. */
  commit(behaviour: Behaviour): string;
}

const catalog = `
product: tiny
environments: [stage, prod]
services:
  web:
    kind: http
    build: { command: 'cp web.js behaviour.json "$EDWIN_OUTPUT"' }
    run: node web.js
    health: /healthz
    config: { GREETING: '\${GREETING:-hello} from \${EDWIN_ENVIRONMENT}' }
    secrets: [API_KEY?]
    instances: { wanted: 2, min: 0, max: 4 }
    resources: { memory: 16 }
    rollout: { healthSeconds: 3, drainSeconds: 10, stopGraceSeconds: 10, holdSeconds: 3, retry: all }
  jobs:
    kind: worker
    build: { command: 'cp jobs.js behaviour.json "$EDWIN_OUTPUT"' }
    run: node jobs.js
    health: /healthz
    needs: [web]
    instances: { wanted: 2, min: 0, max: 4 }
    resources: { memory: 16 }
    rollout: { healthSeconds: 3, stopGraceSeconds: 3 }
`;

const web = `
const http = require('node:http');
const { version, health } = require('./behaviour.json');
const { EDWIN_RELEASE, EDWIN_INSTANCE, GREETING, API_KEY } = process.env;
if (health === 'exits') {
  const error = new Error('no database at all, key ' + API_KEY);
  console.log(JSON.stringify({ level: 'error', msg: 'Start failed', error: { stack: error.stack } }));
  process.exit(3);
}
let stopping = false;
const server = http.createServer((request, response) => {
  if (request.url === '/healthz') {
    if (health === 'fleeting') setTimeout(() => process.exit(4), 300);
    response.writeHead(health === 'sick' || stopping ? 503 : 200).end('no database');
    return;
  }
  const answer = () => response.end(JSON.stringify({ version, release: EDWIN_RELEASE, instance: EDWIN_INSTANCE, greeting: GREETING, key: API_KEY }));
  if (request.url === '/slow') setTimeout(answer, 500);
  else if (request.url === '/hold') setTimeout(answer, 8000);
  else answer();
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log(JSON.stringify({ level: 'info', msg: 'web listens' })));
process.on('SIGTERM', () => {
  stopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;

const jobs = `
const http = require('node:http');
const { health } = require('./behaviour.json');
if (health === 'exits') process.exit(3);
http.createServer((request, response) => response.writeHead(health === 'sick' ? 503 : 200).end()).listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
`;

export function createProduct(folder: string): Product {
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
      encoding: 'utf8',
    }).trim();
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  git('init', '--quiet', '--initial-branch=main');
  write('edwin.yaml', catalog);
  write('web.js', web);
  write('jobs.js', jobs);
  return {
    catalogPath: join(folder, 'edwin.yaml'),
    commit(behaviour) {
      write('behaviour.json', JSON.stringify(behaviour));
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', `Version ${behaviour.version}`);
      return git('rev-parse', 'HEAD');
    },
  };
}
