#!/usr/bin/env bash
# Takes a picture of Prometheus' own web page with a query's result: docs/images/store.png. Debian's package has the
# classic page. Needs Chromium (Debian: chromium) and a running Prometheus, such as KEEP=1 make demo's.
#
#   screenshot.sh http://HOST:9090 [QUERY [FILE]]
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $# -ge 1 ]] || { echo 'usage: screenshot.sh http://HOST:9090 [QUERY [FILE]]' >&2 && exit 2; }
query=${2:-'store_rows > 0'}
file=${3:-docs/images/store.png}
encoded=$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1]))' "$query")
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

mkdir -p "$(dirname "$file")"
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$profile" \
  --window-size=1280,720 --virtual-time-budget=10000 --screenshot="$PWD/$file" \
  "$1/classic/graph?g0.expr=$encoded&g0.tab=1" 2>/dev/null
[[ -s $file ]]
