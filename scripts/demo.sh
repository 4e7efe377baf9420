#!/usr/bin/env bash
# Rolls out to one test host with the real playbooks and inventory.example, and shows what came of it.
#
#   demo.sh         KEEP=1 leaves the host up
#   demo.sh clean   removes it
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH
export MOLECULE_SCENARIO_NAME=demo MOLECULE_EPHEMERAL_DIRECTORY=$PWD/.cache/demo
work=.cache/demo
log=$work/log

bold=$(tput bold 2>/dev/null || true)
plain=$(tput sgr0 2>/dev/null || true)
[[ -t 1 ]] || bold='' plain=''

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

indent() { sed 's/^/  /'; }

# Runs a step in silence; when it fails, shows what it said.
step() {
  local label=$1 start=$SECONDS
  shift
  printf '  %-56s' "$label"
  if ! "$@" >"$log" 2>&1; then
    printf 'failed\n\n'
    tail -n 60 "$log"
    exit 1
  fi
  printf '%3d s\n' "$((SECONDS - start))"
}

play() { ansible-playbook --inventory inventory.example --inventory "$work/inventory" --limit "$host,localhost" "$@"; }

destroy() { play molecule/shared/destroy.yml >"$log" 2>&1 || molecule/shared/clean.sh; }

enter() { echo "ssh -i $work/id_ed25519 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ops@$address"; }

on_host() { $(enter) -q sudo "$@"; }

mkdir -p "$work/inventory"
host=$(ansible-inventory --inventory inventory.example --list --limit 'all[0]' |
  python -c 'import json, sys; print(*json.load(sys.stdin)["_meta"]["hostvars"])')

if [[ ${1:-} == clean ]]; then
  destroy
  exit
fi
[[ -n ${KEEP:-} ]] || trap destroy EXIT

heading "One Debian 13 host, $host of inventory.example"
step 'make its image, once a week' molecule/shared/images.sh host debian13
step 'boot it' play molecule/shared/create.yml
address=$(sed -n 's/^ *ansible_host: //p' "$work/inventory/hosts.yml")
step 'write a source, /tmp/store.xml' on_host install -m 0644 /dev/stdin /tmp/store.xml <examples/store.xml
step 'roll out, playbooks/site.yml' play playbooks/site.yml
step 'prove it, playbooks/verify.yml' play playbooks/verify.yml

heading "The application's file"
indent <examples/store.xml
heading 'The mapping, from inventory.example/group_vars to the host'
on_host cat /etc/xmlprom/store.yml | indent
heading 'What the timer has xmlprom write for node_exporter: store.prom'
on_host cat /var/lib/prometheus/node-exporter/store.prom | indent
heading "What Prometheus gets: http://$address:9100/metrics"
python - "http://$address:9100/metrics" <<'END' | grep -E '^(store_|xmlprom_last_run_success)' | indent
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
END

heading 'Next'
if [[ -n ${KEEP:-} ]]; then
  indent <<END
look around    $(enter)
break it       sudo truncate -s 100 /tmp/store.xml; sudo systemctl start xmlprom-store
               and /metrics keeps the data, with xmlprom_last_run_success 0
roll out again KEEP=1 make demo
remove it      make demo-clean
END
else
  indent <<'END'
KEEP=1 make demo                                                leaves the host up to look around
cp -r inventory.example inventory                               then put your hosts and files in it
.venv/bin/ansible-playbook -i inventory playbooks/site.yml -C   shows what a rollout would change
.venv/bin/ansible-playbook -i inventory playbooks/site.yml      rolls out
END
fi
