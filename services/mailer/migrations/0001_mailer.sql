-- One row per student: the number of the last message, and the lock that orders savers.
create table mailer.students (
  id text primary key,
  sequence bigint not null default 0
);

create table mailer.messages (
  mid text primary key,
  student text not null references mailer.students (id),
  sequence bigint not null,
  page text not null,
  kind text not null,
  text text not null,
  payload text,
  attachments jsonb,
  sent_at timestamptz not null,
  saved_at timestamptz not null default now(),
  unique (student, sequence)
);

create table mailer.outbox (
  position bigint generated always as identity primary key,
  id text not null,
  queue text not null,
  body jsonb not null,
  headers jsonb not null default '{}',
  created_at timestamptz not null default now()
);
