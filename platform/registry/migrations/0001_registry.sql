CREATE TABLE instances (
  id           text PRIMARY KEY,
  service      text NOT NULL,
  release      int NOT NULL,
  host         text NOT NULL,
  address_host text,
  address_port int,
  ttl_seconds  float8 NOT NULL,
  health       text NOT NULL,
  note         text NOT NULL,
  reported_at  timestamptz NOT NULL
);

-- Rows are never removed: the fence of a name only rises.
CREATE TABLE leases (
  name       text PRIMARY KEY,
  holder     text NOT NULL,
  fence      bigint NOT NULL,
  -- Connection of the holder (see listen.ts): when it is gone the lease is free.
  session    text NOT NULL,
  expires_at timestamptz NOT NULL
);
