#!/usr/bin/env bash
# Starts what compose.yml describes, but Grafana, from images that are built of Debian's packages, and the pod of
# kubernetes/sidecar.yml; tests them; and removes them, whatever became of the tests.
#
#   test.sh         also removes what a run left that was killed
#   test.sh clean   does nothing else
set -euo pipefail
cd "$(dirname "$0")"
shared=$(cd ../molecule/shared && pwd)
checkout=$(cd .. && pwd)
project=xmlprom-compose-$(sha256sum <<<"$checkout" | cut -c1-4)

compose() {
  podman-compose --podman-path "$shared/podman" --in-pod false --project-name "$project" \
    --podman-build-args "--quiet --network host --label xmlprom.checkout=$checkout" \
    --file compose.yml --file compose.debian.yml "$@" </dev/null
}

work=$(mktemp -d)
log=$work/log
# Limits below any machine's own.
echo '[containers]
default_ulimits = ["nofile=8192:8192", "nproc=16384:16384"]' >"$work/containers.conf"
export CONTAINERS_CONF=$work/containers.conf

# Shows what a step said if it fails.
step() { "$@" >"$log" 2>&1 || { cat "$log" && return 1; }; }

remove() {
  "$shared/podman" pod rm --force --ignore "$project-pod-0" >/dev/null 2>&1
  "$shared/podman" volume rm --force "$project" >/dev/null 2>&1 || true # of the pod's ConfigMap
  step compose down --volumes --timeout 1
}

finish() {
  remove
  "$shared/podman" image prune --force --filter "label=xmlprom.checkout=$checkout" >/dev/null
  rm -rf "$work"
}

trap finish EXIT
trap 'exit 130' INT TERM
remove
[[ ${1:-} != clean ]] || exit 0

BASE=$("$shared/images.sh" base debian13)
export BASE EVERY=2s NODE_EXPORTER_PORT='' PROMETHEUS_PORT='' ALERTMANAGER_PORT='' # any port that is free
step compose build xmlprom node_exporter
step compose up --detach --no-build
export XMLPROM_PODMAN=$shared/podman XMLPROM_PROJECT=$project XMLPROM_IMAGE=localhost/${project}_xmlprom:latest
pytest -qxp no:cacheprovider . || {
  compose --no-ansi logs --tail 10
  exit 1
}
