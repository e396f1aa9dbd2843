-- The one message of each operation, by which it is found again after a crash.
create table audit.messages (
  operation bigint primary key,
  -- empty until the message is posted
  channel text not null default '',
  ts text not null default '',
  -- the reply in its thread that lists the steps
  thread_ts text not null default '',
  -- the reply that tells everyone it went wrong
  alarm_ts text not null default '',
  -- nothing is left to say
  settled boolean not null default false,
  created_at timestamptz not null default now()
);

create index messages_unsettled on audit.messages (operation) where not settled;

-- What a button offers to run; the button itself carries only the id.
create table audit.offers (
  id uuid primary key default gen_random_uuid(),
  text text not null,
  made_for text not null,
  at timestamptz not null default now()
);
