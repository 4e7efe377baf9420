#!/usr/bin/env bash
# Starts what compose.yml describes, but Grafana, from images that are built of Debian's packages; tests it; and removes
# it, whatever became of the tests.
set -euo pipefail
cd "$(dirname "$0")"
shared=$(cd ../molecule/shared && pwd)
checkout=$(cd .. && pwd)
project=xmlprom-compose-$(sha256sum <<<"$checkout" | cut -c1-4)

# The limits are below any machine's own; by the label molecule/shared/clean.sh finds what a killed run left.
compose() {
  podman-compose --podman-path "$shared/podman" --in-pod false --project-name "$project" \
    --podman-build-args "--quiet --network host --label xmlprom.checkout=$checkout" \
    --podman-run-args "--ulimit nofile=8192:8192 --ulimit nproc=16384:16384 --label xmlprom.checkout=$checkout" \
    --file compose.yml --file compose.debian.yml "$@" </dev/null
}

log=$(mktemp)
# Shows what a step said if it fails.
step() { "$@" >"$log" 2>&1 || { cat "$log" && return 1; }; }

remove() {
  step compose down --volumes --timeout 1
  "$shared/podman" image prune --force --filter "label=xmlprom.checkout=$checkout" >/dev/null
  rm -f "$log"
}

BASE=$("$shared/images.sh" base debian13)
export BASE EVERY=2s NODE_EXPORTER_PORT='' PROMETHEUS_PORT='' ALERTMANAGER_PORT='' # any port that is free
trap remove EXIT
trap 'exit 130' INT TERM
step compose down --volumes --timeout 1 # what a run left that was killed
step compose build xmlprom node_exporter
step compose up --detach --no-build
XMLPROM_PODMAN=$shared/podman XMLPROM_PROJECT=$project pytest -qxp no:cacheprovider test_compose.py || {
  compose --no-ansi logs --tail 10
  exit 1
}
