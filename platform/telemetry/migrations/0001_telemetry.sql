-- Documents as they are, beside the columns that reads look for. `position` keeps the order of arrival, which is the
-- order of log lines within a millisecond. `json`, not `jsonb`: nearly all of them are written and never read.
CREATE TABLE spans (
  position   bigint GENERATED ALWAYS AS IDENTITY,
  namespace  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  time       timestamptz NOT NULL,
  trace_id   text COLLATE "C" NOT NULL,
  service    text COLLATE "C" NOT NULL,
  version    text COLLATE "C" NOT NULL,
  root       boolean NOT NULL,
  entry      boolean NOT NULL,
  failed     boolean NOT NULL,
  duration   bigint NOT NULL,
  started    bigint NOT NULL,
  head       boolean NOT NULL GENERATED ALWAYS AS (root OR entry) STORED,
  document   json NOT NULL,
  -- A span belongs to one trace and one service: this finds both, spans sent again and those of a trace.
  PRIMARY KEY (namespace, trace_id, service, id)
);
COMMENT ON COLUMN spans.entry IS 'A transaction: kind Server or Consumer';
COMMENT ON COLUMN spans.head IS 'A trace that began elsewhere has no root here: then its head is the first span by which it entered';
COMMENT ON COLUMN spans.duration IS 'Nanoseconds';
COMMENT ON COLUMN spans.started IS 'Microseconds since 1970';

CREATE INDEX spans_failed ON spans (namespace, trace_id) WHERE failed;
CREATE INDEX spans_heads ON spans (namespace, time DESC) WHERE head;
CREATE INDEX spans_entries ON spans (namespace, service, time) WHERE entry;
CREATE INDEX spans_age ON spans USING brin (time);

CREATE TABLE logs (
  position   bigint GENERATED ALWAYS AS IDENTITY,
  namespace  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  time       timestamptz NOT NULL,
  trace_id   text COLLATE "C",
  service    text COLLATE "C" NOT NULL,
  instance   text COLLATE "C" NOT NULL,
  severity   smallint NOT NULL,
  event_name text COLLATE "C",
  document   json NOT NULL,
  PRIMARY KEY (namespace, id)
);

CREATE INDEX logs_trace ON logs (namespace, trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX logs_time ON logs (namespace, time DESC, position DESC);
CREATE INDEX logs_service ON logs (namespace, service, time DESC, position DESC);
CREATE INDEX logs_event ON logs (namespace, event_name, time DESC, position DESC) WHERE event_name IS NOT NULL;
CREATE INDEX logs_age ON logs USING brin (time);
