#!/usr/bin/env bash
# Removes all hosts and networks of this checkout, whatever became of the run that made them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
filter=label=xmlprom.checkout=$(cd "$here/../.." && pwd)

"$here/podman" ps --all --quiet --filter "$filter" | xargs -r "$here/podman" rm --force --time 0 >/dev/null
"$here/podman" network ls --quiet --filter "$filter" | xargs -r "$here/podman" network rm --force >/dev/null
