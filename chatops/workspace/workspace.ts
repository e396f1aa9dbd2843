import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyPluginAsync } from 'fastify';
import { browserRoutes } from './browser';
import { openCore, type WorkspaceDeps } from './core';
import type { Feed } from './feed';
import { apiRoutes } from './routes';

export type { WorkspaceDeps };

/**
 * The local workspace: a server that speaks Slack's protocol to an unmodified app, and keeps what is said.
 *
 *     app ──/slack/api/*──►  workspace  ◄──browser routes── page
 *     app ◄──/slack/socket── (PostgreSQL) ──feed──────────►
 */
export interface Workspace {
  /** Mount under `/slack`. */
  readonly routes: FastifyPluginAsync;
  /** What the page calls; mount behind the page's own checks. */
  readonly browser: FastifyPluginAsync;
  /** Every change that the page draws. */
  readonly feed: Feed;
  /** The app's socket; false when the request is for somebody else. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Connections of the app. */
  readonly connections: number;
  /** Asks connections to come again, as Slack does every few minutes. */
  refresh(which?: 'one' | 'all'): void;
  /** Ends connections and waiting envelopes; the pool stays open. */
  close(): void;
}

/** Prepares the schema, people and channels. */
export async function openWorkspace(deps: WorkspaceDeps): Promise<Workspace> {
  const core = await openCore(deps);
  return {
    routes: apiRoutes(core),
    browser: browserRoutes(core),
    feed: core.feed,
    handleUpgrade: (request, socket, head) => core.sockets.handleUpgrade(request, socket, head),
    get connections() {
      return core.sockets.count;
    },
    refresh: (which) => core.sockets.refresh(which),
    close: () => {
      core.envelopes.close();
      core.sockets.close();
    },
  };
}
