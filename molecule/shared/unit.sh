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

# Debian testing's node_exporter, which no image has; the tests that ask one are repeated with it.
testing=.cache/tools/forky/prometheus-node-exporter
with_exporter=(tests/unit/test_fuzz.py tests/unit/textfile tests/unit/commands/test_collector_run.py)

images=$("$here/images.sh" unit "${names[@]}")
logs=$(mktemp -d)
runs=() titles=()
trap '[[ ${#runs[@]} == 0 ]] || kill "${runs[@]}" || true; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

start() { # TITLE IMAGE PATH PYTEST-ARGUMENT ...
  local title=$1 image=$2 path=$3
  shift 3
  # As an ordinary user: root reads even what is not readable.
  "$here/podman" run --rm --network none --user ops --ulimit nofile=8192:8192 --ulimit nproc=16384:16384 \
    --label "xmlprom.checkout=$checkout" --volume "$checkout:/src:ro" --workdir /src --tmpfs /tmp \
    --env PYTHONDONTWRITEBYTECODE=1 --env HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis --env "PATH=$path" \
    --env XMLPROM_REQUIRE_NODE_EXPORTER=1 --env XMLPROM_FUZZ_CASES="${XMLPROM_FUZZ_CASES:-4000}" \
    "$image" python3 -m pytest -p no:cacheprovider -m "not slow" --numprocesses=2 --dist=loadfile "$@" \
    >"$logs/$title" 2>&1 &
  runs+=($!) titles+=("$title")
}

path=/usr/local/bin:/usr/bin:/bin
for image in $images; do
  start "${image#*:}" "$image" "$path" tests/unit "$@"
  [[ $image == *:debian13-* ]] || continue
  if [[ -x $checkout/$testing ]]; then
    start "${image#*:} with Debian testing's node_exporter" "$image" "/src/${testing%/*}:$path" "${with_exporter[@]}" "$@"
  else
    echo "unit.sh: left out: the tests with Debian testing's node_exporter, whose package could not be unpacked" >&2
  fi
done

status=0
for title in "${titles[@]}"; do
  echo "== unit tests in $title"
  wait "${runs[0]}" || status=$?
  runs=("${runs[@]:1}")
  cat "$logs/$title"
done
exit $status
