#!/bin/sh
# Runs HAProxy as Edwin's edge, in the foreground. Needs
#   EDGE_POOLS     folder that Edwin shares: the pools, written by Edwin; the first time they are put there from here
#   EDGE_BIND      address for traffic, as 0.0.0.0:8080
#   EDGE_OPS_BIND  address for /metrics and /healthz
#   EDGE_ADMIN     where Edwin controls it: /run/haproxy/master.sock,mode,660 or 127.0.0.1:9999. Who can connect there
#                  can do everything: HAProxy knows no password, so let only Edwin reach it.
#   HAPROXY        the program, if it is not on the path
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$EDGE_POOLS"
for file in pools.cfg pools.map; do
  [ -e "$EDGE_POOLS/$file" ] || cp "$here/$file" "$EDGE_POOLS/$file"
done
exec "${HAPROXY:-haproxy}" -W -S "$EDGE_ADMIN" -f "$here/edge.cfg" -f "$EDGE_POOLS/pools.cfg"
