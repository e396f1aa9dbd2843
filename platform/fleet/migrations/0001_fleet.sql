-- Releases are immutable; their numbers count up for each service.
CREATE TABLE releases (
  service text NOT NULL,
  number int NOT NULL CHECK (number > 0),
  image text NOT NULL,
  commit text NOT NULL,
  subject text NOT NULL,
  author text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  snapshot jsonb NOT NULL,
  snapshot_digest text NOT NULL,
  PRIMARY KEY (service, number),
  UNIQUE (service, image, snapshot_digest)
);

-- Every build and the release that it gave. A commit that takes another back gives that one's release again: "the newest
-- build" is the newest row here, not the highest number.
CREATE TABLE builds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service text NOT NULL,
  release int NOT NULL,
  commit text NOT NULL,
  built_at timestamptz NOT NULL DEFAULT now(),
  built_by text NOT NULL,
  FOREIGN KEY (service, release) REFERENCES releases (service, number)
);
CREATE INDEX builds_by_service ON builds (service, id DESC);

-- The journal. Every write of a controller says the fence it holds; a lower one finds no row.
CREATE TABLE operations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('deployment', 'rollback')),
  service text NOT NULL,
  environment text NOT NULL,
  from_release int,
  to_release int NOT NULL,
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'running', 'undoing', 'done', 'undone', 'failed')),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  reason text,
  -- What an undo could not put back; makes the operation end as failed.
  damage text,
  log_tail jsonb NOT NULL DEFAULT '[]',
  phase text NOT NULL,
  wanted int NOT NULL,
  healthy int NOT NULL DEFAULT 0,
  -- Host of each new instance, in order.
  placement jsonb,
  origin jsonb NOT NULL DEFAULT '{}',
  trace jsonb NOT NULL DEFAULT '{}',
  trace_id text,
  key text NOT NULL UNIQUE,
  holder text,
  fence bigint NOT NULL DEFAULT 0,
  FOREIGN KEY (service, to_release) REFERENCES releases (service, number),
  CHECK ((state IN ('done', 'undone', 'failed')) = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX operations_one_at_a_time ON operations (service, environment)
  WHERE state IN ('planned', 'running', 'undoing');
CREATE INDEX operations_of_cell ON operations (service, environment, id DESC);
CREATE INDEX operations_of_environment ON operations (environment, id DESC);

CREATE TABLE steps (
  operation bigint NOT NULL REFERENCES operations (id),
  position int NOT NULL,
  name text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  detail text NOT NULL DEFAULT '',
  PRIMARY KEY (operation, position)
);

-- Which release serves. Switched in the same step as the traffic.
CREATE TABLE serving (
  service text NOT NULL,
  environment text NOT NULL,
  release int NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  operation bigint NOT NULL REFERENCES operations (id),
  PRIMARY KEY (service, environment),
  FOREIGN KEY (service, release) REFERENCES releases (service, number)
);

-- One ledger for people, deployments and the autoscaler: rows are only added, the newest is in force.
CREATE TABLE capacity (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service text NOT NULL,
  environment text NOT NULL,
  wanted int NOT NULL,
  min int NOT NULL,
  max int NOT NULL,
  author text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (0 <= min AND min <= wanted AND wanted <= max)
);
CREATE INDEX capacity_of_cell ON capacity (service, environment, id DESC);

-- Numbers the instances that the keeper starts, so that no id is used twice.
CREATE SEQUENCE replacements;

CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('fleet', TG_TABLE_NAME || ' ' || coalesce(to_jsonb(NEW) ->> 'id', to_jsonb(OLD) ->> 'id', ''));
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON operations FOR EACH ROW EXECUTE FUNCTION announce();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON serving FOR EACH ROW EXECUTE FUNCTION announce();
CREATE TRIGGER announce AFTER INSERT ON capacity FOR EACH ROW EXECUTE FUNCTION announce();
CREATE TRIGGER announce AFTER INSERT ON releases FOR EACH ROW EXECUTE FUNCTION announce();
