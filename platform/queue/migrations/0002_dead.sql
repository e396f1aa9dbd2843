ALTER TABLE messages ADD COLUMN died_at timestamptz, ADD COLUMN reason text;
UPDATE messages SET died_at = now(), reason = 'See the log' WHERE visible_at = 'infinity';

CREATE INDEX messages_dead ON messages (queue, died_at) WHERE visible_at = 'infinity';

-- What each process published and settled, added every two seconds while there is something to tell. Losing it in a
-- crash of the server means that rates start from nothing again.
CREATE UNLOGGED TABLE tallies (
  queue   text NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  arrived int NOT NULL,
  settled int NOT NULL
);
CREATE INDEX tallies_recent ON tallies (queue, at);
