#!/usr/bin/env bash
# Runs the unit tests with each distribution's own Python, lxml and node_exporter, all at once; those that are marked
# as slow are no matter of the distribution and run in `make unit`.
#
#   unit.sh [debian11|debian12|debian13 ...] [-- PYTEST-ARGUMENT ...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)

names=()
while [[ $# -gt 0 && $1 != -- ]]; do names+=("$1") && shift; done
[[ ${1:-} != -- ]] || shift
[[ ${#names[@]} -gt 0 ]] || names=(debian11 debian12 debian13)

images=$("$here/images.sh" unit "${names[@]}")
logs=$(mktemp -d)
runs=()
trap '[[ ${#runs[@]} == 0 ]] || kill "${runs[@]}" || true; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM
for image in $images; do
  # As an ordinary user: root reads even what is not readable.
  "$here/podman" run --rm --network none --user ops --ulimit nofile=8192:8192 --ulimit nproc=16384:16384 \
    --label "xmlprom.checkout=$checkout" --volume "$checkout:/src:ro" --workdir /src --tmpfs /tmp \
    --env PYTHONDONTWRITEBYTECODE=1 --env HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis \
    --env XMLPROM_REQUIRE_NODE_EXPORTER=1 --env XMLPROM_FUZZ_CASES="${XMLPROM_FUZZ_CASES:-4000}" \
    "$image" python3 -m pytest -p no:cacheprovider -m "not slow" --numprocesses=2 --dist=loadfile tests/unit "$@" >"$logs/${image#*:}" 2>&1 &
  runs+=($!)
done

status=0
for image in $images; do
  echo "== unit tests in ${image#*:}"
  wait "${runs[0]}" || status=$?
  runs=("${runs[@]:1}")
  cat "$logs/${image#*:}"
done
exit $status
