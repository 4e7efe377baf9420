#!/usr/bin/env bash
# Runs scenarios one after the other, all of them unless named, and leaves no host behind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
trap '"$here/clean.sh"' EXIT
trap 'exit 130' INT TERM
export MOLECULE_COMMAND_BORDERS=false

if [[ $# == 0 ]]; then
  for config in molecule/*/molecule.yml; do set -- "$@" "$(basename "$(dirname "$config")")"; done
fi
failed=()
for scenario in "$@"; do
  echo "== molecule: $scenario"
  molecule test --scenario-name "$scenario" </dev/null || failed+=("$scenario")
done
[[ ${#failed[@]} == 0 ]] || echo "molecule: failed: ${failed[*]}"
echo "molecule: $(($# - ${#failed[@]})) passed, ${#failed[@]} failed"
[[ ${#failed[@]} == 0 ]]
