-- A trace that began elsewhere has no root here: then its head is the first span by which it entered.
ALTER TABLE spans
  ADD COLUMN started bigint NOT NULL DEFAULT 0,
  ADD COLUMN head boolean GENERATED ALWAYS AS (root OR entry) STORED;
COMMENT ON COLUMN spans.started IS 'Microseconds since 1970';

DROP INDEX spans_roots;
CREATE INDEX spans_heads ON spans (namespace, time DESC) WHERE head;
CREATE INDEX spans_first_head ON spans (namespace, trace_id) WHERE head;
