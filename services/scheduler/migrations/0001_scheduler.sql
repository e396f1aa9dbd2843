-- What the clock needs to know of a student. Events may come twice and in any order, so each fact has its own time.
create table students (
  id text primary key,
  last_active timestamptz,
  time_zone text,
  time_zone_at timestamptz,
  reminders boolean not null default true,
  reminders_at timestamptz,
  session_started_at timestamptz,
  session_ended_at timestamptz,
  -- The silence (its last_active) for which that was settled: a silence is reminded once, a session expires once.
  reminded_for timestamptz,
  expired_for timestamptz,
  next_due_at timestamptz
);
create index students_due on students (next_due_at) where next_due_at is not null;

create table outbox (
  position bigint generated always as identity primary key,
  id text not null,
  queue text not null,
  body jsonb not null,
  headers jsonb not null default '{}',
  created_at timestamptz not null default now()
);
