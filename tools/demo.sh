#!/usr/bin/env bash
# Rolls out to a test host, and a second one that watches it, with the real playbooks and inventory.example; shows
# what came of it, and how an alert fires and resolves.
#
#   demo.sh         KEEP=1 leaves the hosts up
#   demo.sh clean   removes them
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

play() { ansible-playbook --inventory inventory.example --inventory "$work/inventory" --limit "$host,$watch,localhost" "$@"; }

destroy() { play molecule/shared/destroy.yml >"$log" 2>&1 || molecule/shared/clean.sh; }

enter() { echo "ssh -i $work/id_ed25519 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ops@$address"; }

on_host() { $(enter) -q sudo "$@"; }

first_of() {
  ansible-inventory --inventory inventory.example --list --limit "$1[0]" |
    python -c 'import json, sys; print(*json.load(sys.stdin)["_meta"]["hostvars"])'
}

address_of() { sed -n "/^    $1:/,/ansible_host/s/^ *ansible_host: //p" "$work/inventory/hosts.yml"; }

# Waits until the alerts' summaries match, and shows them.
await_alerts() {
  python - "http://$watcher:9093/api/v2/alerts" "$1" <<'END'
import json, sys, time, urllib.request
for _ in range(90):
    try:
        alerts = json.load(urllib.request.urlopen(sys.argv[1], timeout=5))
    except OSError:
        alerts = None
    if alerts is not None and (any(sys.argv[2] in a["labels"]["alertname"] for a in alerts) if sys.argv[2] else not alerts):
        sys.exit()
    time.sleep(1)
sys.exit(f"alerts: {alerts}")
END
}

# What Prometheus answers to a query.
ask() {
  python - "http://$watcher:9090/api/v1/query" "$1" <<'END'
import json, sys, time, urllib.parse, urllib.request
url = sys.argv[1] + "?" + urllib.parse.urlencode({"query": sys.argv[2]})
for _ in range(30):
    found = json.load(urllib.request.urlopen(url, timeout=5))["data"]["result"]
    if found:
        break
    time.sleep(1)
for result in found:
    labels = ", ".join(f'{k}="{v}"' for k, v in sorted(result["metric"].items()) if k not in ("__name__", "job"))
    print(f"{result['metric'].get('__name__', '')}{{{labels}}} {result['value'][1]}")
END
}

mkdir -p "$work/inventory/group_vars"
host=$(first_of xmlprom) watch=$(first_of monitoring)
# Short, for an alert that comes and goes within seconds.
sed '/keep_firing_for:/d' monitoring/alerts.yml >"$work/alerts.yml"
cat >"$work/inventory/group_vars/all.yml" <<END
xmlprom_interval: 5s
xmlprom_randomized_delay: 0s
monitoring_targets: "{{ groups['xmlprom'][:1] }}"
monitoring_alerts: $PWD/$work/alerts.yml
monitoring_scrape_interval: 2s
monitoring_evaluation_interval: 2s
END

if [[ ${1:-} == clean ]]; then
  destroy
  exit
fi
[[ -n ${KEEP:-} ]] || trap destroy EXIT

heading "Two Debian 13 hosts, $host and $watch of inventory.example"
step 'make their image, once a week' molecule/shared/images.sh host debian13
step 'boot them' play molecule/shared/create.yml
address=$(address_of "$host") watcher=$(address_of "$watch")
step 'write a source, /tmp/store.xml' on_host install -m 0644 /dev/stdin /tmp/store.xml <examples/store.xml
step 'roll out, playbooks/site.yml' play playbooks/site.yml
step 'prove it, playbooks/verify.yml' play playbooks/verify.yml
step 'watch it, playbooks/monitoring.yml' play playbooks/monitoring.yml

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

heading "What Prometheus has: http://$watcher:9090"
ask 'store_rows > 0' | indent
heading 'The application truncates its file'
step 'break it' on_host truncate -s 100 /tmp/store.xml
step 'until Alertmanager has the alert' await_alerts XmlpromRunFailed
ask 'ALERTS{alertname="XmlpromRunFailed"}' | indent
step 'repair it' on_host install -m 0644 /dev/stdin /tmp/store.xml <examples/store.xml
step 'until the alert is resolved' await_alerts ''

heading 'Next'
if [[ -n ${KEEP:-} ]]; then
  indent <<END
look around    $(enter)
break it       sudo truncate -s 100 /tmp/store.xml; sudo systemctl start xmlprom-store
               and /metrics keeps the data, with xmlprom_last_run_success 0
roll out again KEEP=1 make demo
in a browser   http://$watcher:9090/classic/graph (Prometheus), http://$watcher:9093 (Alertmanager)
remove them    make demo-clean
END
else
  indent <<'END'
KEEP=1 make demo                                                leaves the hosts up to look around
cp -r inventory.example inventory                               then put your hosts and files in it
.venv/bin/ansible-playbook -i inventory playbooks/site.yml -C   shows what a rollout would change
.venv/bin/ansible-playbook -i inventory playbooks/site.yml      rolls out
END
fi
