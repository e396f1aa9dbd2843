-- Who gets replies: the sequence to be sent next, and which gateway sends now.
create table gateway.students (
  id text primary key,
  next_sequence bigint not null default 1,
  -- Raised by every stored reply: a holder lets go only if it has not changed since it looked.
  arrived bigint not null default 0,
  -- When there is something to do; null when there is nothing.
  wake_at timestamptz,
  -- The holder's database session; when that session is gone, so is the claim.
  holder text,
  lease_until timestamptz,
  -- Raised by every claim, so that a former holder can not begin a send.
  fence bigint not null default 0
);
create index students_due on gateway.students (wake_at) where wake_at is not null;
create index students_held on gateway.students (holder) where holder is not null;

--  queued ──begin──► sending ──answer or echo──► sent
--    ▲                  │ └─────permanent──────► failed
--    └──surely not sent─┘   (in doubt: settled first, then sent again)
create table gateway.sends (
  id text primary key,
  student text not null,
  sequence bigint not null,
  in_reply_to text,
  text text not null,
  quick_replies jsonb,
  window_start timestamptz not null,
  headers jsonb not null default '{}',
  state text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed')),
  -- Tries that may have reached Messenger, and consecutive ones that surely did not.
  attempt integer not null default 0,
  rejections integer not null default 0,
  first_started_at timestamptz,
  started_at timestamptz,
  -- While in doubt: how often Messenger was asked for it without an answer.
  looks integer not null default 0,
  message_id text,
  failure text,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  unique (student, sequence)
);
create index sends_by_message on gateway.sends (student, message_id) where message_id is not null;
