-- One row for each message that is stored. `json`, not `jsonb`: a body comes out as it went in.
CREATE TABLE messages (
  position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue        text NOT NULL,
  id           text NOT NULL,
  body         json NOT NULL,
  headers      json NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- May be delivered from this time on: in the future while it is in somebody's hands or pauses, infinity when dead.
  visible_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Deliveries so far; with the position it names one delivery.
  attempt      int NOT NULL DEFAULT 0,
  -- Session of the consumer that has it (see listen.ts), null when nobody has.
  holder       text,
  UNIQUE (queue, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);

-- Messages are taken in this order; by position alone it was five times slower.
CREATE INDEX messages_next ON messages (queue, visible_at, position);
