-- One row per student: the next message to handle, the last reply, what is known. Every change raises the version, and
-- is made only if the version is still the one it was based on.
create table students (
  id text primary key,
  version bigint not null default 1,
  next_sequence bigint not null default 1,
  reply_sequence bigint not null default 0,
  state jsonb not null default '{}',
  updated_at timestamptz not null default now()
);

-- Messages that wait for a predecessor (with body), and for a week those that were handled (without).
create table inbox (
  student text not null references students (id),
  sequence bigint not null,
  mid text not null,
  body jsonb,
  headers jsonb,
  received_at timestamptz not null default now(),
  handled_at timestamptz,
  primary key (student, sequence)
);
create index inbox_mid on inbox (mid);
create index inbox_waiting on inbox (received_at) where handled_at is null;
create index inbox_handled on inbox (handled_at) where handled_at is not null;

create table nudges (
  id text primary key,
  student text not null,
  kind text not null,
  outcome text not null,
  handled_at timestamptz not null default now()
);
create index nudges_handled on nudges (handled_at);

create table outbox (
  position bigint generated always as identity primary key,
  id text not null,
  queue text not null,
  body jsonb not null,
  headers jsonb not null default '{}',
  created_at timestamptz not null default now()
);
