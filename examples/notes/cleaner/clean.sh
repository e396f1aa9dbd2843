#!/bin/sh
# Deletes notes that are older than KEEP_MINUTES, once a second. Ends at once when asked.
set -u
trap 'echo "cleaner stops"; exit 0' TERM INT
mkdir -p "$NOTES"
echo "cleaner keeps notes of $EDWIN_ENVIRONMENT for $KEEP_MINUTES minutes"
while :; do
  find "$NOTES" -name '*.txt' -mmin "+$KEEP_MINUTES" -exec rm -f {} +
  sleep 1 &
  wait $!
done
