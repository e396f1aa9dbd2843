-- Every event once. It is also the outbox for the graph (graph_pending) and for Google Analytics (upload_at).
create table events (
  id text primary key,
  student text not null,
  at timestamptz not null,
  kind text not null,
  level text,
  body jsonb not null,
  stored_at timestamptz not null default now(),
  graph_pending boolean not null,
  upload_at timestamptz,
  upload_attempts integer not null default 0
);
create index events_at on events (at);
create index events_graph on events (stored_at) where graph_pending;
create index events_upload on events (upload_at) where upload_at is not null;

-- Days (UTC) with events that the aggregates do not count yet.
create table stale_days (
  day date primary key,
  touched_at timestamptz not null
);

-- level 'all' counts every student of a day; the others count what happened at a level.
create table daily (
  day date not null,
  level text not null,
  learners integer not null,
  answers integer not null,
  correct integer not null,
  median_ms integer,
  sessions integer not null,
  placements integer not null,
  computed_at timestamptz not null,
  primary key (day, level)
);

-- Makes the ids that leave this environment; without it they can not be traced back to students.
create table salt (
  one boolean primary key default true check (one),
  value uuid not null default gen_random_uuid()
);
insert into salt default values;
