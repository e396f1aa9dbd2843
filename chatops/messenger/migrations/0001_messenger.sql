create table messenger.students (
  environment text not null,
  id text not null,
  created_at timestamptz not null default now(),
  -- Opens the 24-hour window.
  wrote_at timestamptz,
  -- The student has blocked the page: error 551.
  blocked boolean not null default false,
  primary key (environment, id)
);

create table messenger.messages (
  position bigint generated always as identity primary key,
  environment text not null,
  student text not null,
  mid text not null unique,
  sender text not null check (sender in ('student', 'page')),
  text text not null,
  payload text,
  quick_replies jsonb,
  metadata text,
  state text not null check (state in ('sending', 'delivered', 'undelivered', 'shown')),
  trace text,
  created_at timestamptz not null default now(),
  foreign key (environment, student) references messenger.students (environment, id) on delete cascade
);
create index messages_of_student on messenger.messages (environment, student, position);

-- Webhook calls not yet answered with 200, in the order of each student.
create table messenger.webhooks (
  position bigint generated always as identity primary key,
  environment text not null,
  student text not null,
  -- The message it is about.
  message bigint,
  body text not null,
  headers jsonb not null default '{}',
  attempts integer not null default 0,
  created_at timestamptz not null default now()
);
create index webhooks_of_student on messenger.webhooks (environment, student, position);
