create table users (
  id text primary key,
  name text not null unique,
  real_name text not null,
  is_bot boolean not null default false
);

create table channels (
  id text primary key,
  name text not null unique,
  topic text not null default '',
  kind text not null check (kind in ('channel', 'im')),
  -- The person of a direct conversation with the app.
  im_user text references users (id),
  created_at timestamptz not null default now()
);

-- `ts` is Slack's: seconds, a dot, six digits. It is unique and rises, so that text order is time order.
create table messages (
  channel text not null references channels (id),
  ts text not null,
  thread_ts text,
  -- A reply that also stands in the channel.
  broadcast boolean not null default false,
  user_id text not null references users (id),
  -- `command`: a slash command as its sender saw it; the Web API never shows these.
  kind text not null default 'message' check (kind in ('message', 'command')),
  body jsonb not null,
  edited_ts text,
  primary key (channel, ts)
);
create index messages_thread on messages (channel, thread_ts, ts) where thread_ts is not null;

create table reactions (
  channel text not null,
  ts text not null,
  name text not null,
  user_id text not null references users (id),
  primary key (channel, ts, name, user_id),
  foreign key (channel, ts) references messages (channel, ts) on delete cascade
);

-- Modals that are open and Home tabs that were published.
create table views (
  id text primary key,
  user_id text not null references users (id),
  kind text not null check (kind in ('modal', 'home')),
  position int not null,
  external_id text unique,
  hash text not null,
  body jsonb not null,
  changed_at timestamptz not null default now()
);
create index views_user on views (user_id, kind, position);

create table response_urls (
  token text primary key,
  channel text not null references channels (id),
  user_id text not null references users (id),
  thread_ts text,
  -- The message with the button; null for a slash command.
  message_ts text,
  message_ephemeral boolean not null default false,
  uses int not null default 0,
  expires_at timestamptz not null
);
