-- Everything anyone asked for, at whichever door, with how it ended. Rows are never changed after `outcome` is set.
create table audit.commands (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  actor_name text not null,
  door text not null,
  place text not null,
  text text not null,
  verb text not null,
  -- running, done, refused, failed, repeated
  outcome text not null,
  operation bigint,
  -- the row whose work this one shares
  repeats bigint references audit.commands (id),
  duration_ms integer,
  -- actor, place and normalised text, hashed: equal for the same wish
  wish text not null,
  -- the door's own id of this arrival (trigger, event): a second one with the same id is a redelivery
  delivery text
);

create index commands_wish on audit.commands (wish, at desc);
create index commands_at on audit.commands (at desc);
create unique index commands_delivery on audit.commands (delivery) where delivery is not null and repeats is null;
