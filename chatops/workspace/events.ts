import { randomBytes } from 'node:crypto';
import type { Core } from './core';
import type { Json } from './json';
import { app, team } from './team';

/** Verification token of the payloads; long out of use at Slack, and not a secret. */
export const VERIFICATION = 'local-workspace';

/** Sends an event to the app, if its manifest subscribes to it. `name` is the manifest's: `message.channels`, `app_mention`. */
export function tellEvent(core: Core, name: string, event: Json): void {
  if (core.deps.events !== undefined && !core.deps.events.includes(name)) return;
  core.envelopes.tell({
    token: VERIFICATION,
    team_id: team.id,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: app.id,
    event,
    type: 'event_callback',
    event_id: `Ev${randomBytes(6).toString('hex').toUpperCase()}`,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: team.id, user_id: app.userId, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${team.id}`,
  });
}
