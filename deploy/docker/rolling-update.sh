#!/bin/sh
# Replaces the nodes of the Compose project one by one, by what the files say now, and what stores clicks; no
# request fails.
#
#     docker compose build && deploy/docker/rolling-update.sh
#
# For each node a new one is started first; when it is ready the old one is stopped, which hands its
# partitions over. Rejected: `docker compose up`, which stops all of them before it starts the first.
set -eu
old=$(docker compose ps -q node)
count=$(echo "$old" | wc -l)
for container in $old; do
  docker compose up --detach --no-deps --no-recreate --no-build --wait \
    --scale "node=$((count + 1))" node
  docker stop "$container" >/dev/null
  docker rm --volumes "$container" >/dev/null
  echo "$container is replaced"
done
# No visitor is sent there; clicks wait in the log meanwhile.
docker compose up --detach --no-deps --no-build --wait analytics
