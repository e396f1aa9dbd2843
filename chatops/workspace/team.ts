/** Who and what there is in the local workspace from the first start on. Ids look like Slack's and never change. */
export const team = { id: 'T0EDWIN', name: 'Local workspace', domain: 'local' } as const;
export const app = { id: 'A0EDWIN', botId: 'B0EDWIN', userId: 'U0EDWIN', name: 'edwin', realName: 'Edwin' } as const;

/** Speaks where Slack itself would: refusals of commands, time-outs. */
export const slackbot = { id: 'USLACKBOT', name: 'slackbot', realName: 'Slackbot' } as const;

export const people = [
  { id: 'U0YOU', name: 'you', realName: 'You' },
  { id: 'U0ALICE', name: 'alice', realName: 'Alice' },
  { id: 'U0BOB', name: 'bob', realName: 'Bob' },
  { id: 'U0CAROL', name: 'carol', realName: 'Carol' },
] as const;

export const channels = [
  { id: 'C0DEPLOYS', name: 'deploys', topic: 'Deployments and rollbacks, one message each' },
  { id: 'C0ALERTS', name: 'alerts', topic: 'What someone has to look at' },
  { id: 'C0RELEASES', name: 'releases', topic: 'Builds and what is in them' },
] as const;

/** Scopes of the local tokens, as the `x-oauth-scopes` header names them. */
export const scopes =
  'commands,chat:write,chat:write.public,users:read,users:read.email,usergroups:read,app_mentions:read,channels:read,channels:history,channels:join,groups:read,im:write,im:history,reactions:write';
