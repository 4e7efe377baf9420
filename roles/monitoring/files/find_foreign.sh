#!/bin/sh
# Prints what of Prometheus and Alertmanager on this host neither the role nor Debian's package wrote, one line each.
#
#   find_foreign.sh PACKAGE CONFIGURATION ARGS ...    ARGS is the line that the role would write
set -eu

is_packaged() { # as the package brought it, and nobody changed it since
  sum=$(md5sum "$1")
  case $(dpkg-query --show --showformat '${Conffiles}\n' "$package" 2>/dev/null || true) in
    *" $1 ${sum%% *}"*) ;;
    *) return 1 ;;
  esac
}

is_own() { # the other lines are in what release 0.1 wrote
  grep -q -e 'role xmlprom.fleet.monitoring' \
    -e '^  - /etc/prometheus/rules/xmlprom-inventory.yml$' \
    -e '^  # Of a host that is gone nothing else is news.$' "$1"
}

while [ $# -gt 0 ]; do
  package=$1 configuration=$2 args=$3
  shift 3

  if [ -e "$configuration" ] && ! is_own "$configuration" && ! is_packaged "$configuration"; then
    echo "$configuration"
  fi

  defaults=/etc/default/$package
  if [ -e "$defaults" ] && ! is_own "$defaults"; then
    found=$(sed -n 's/^ARGS=/&/p' "$defaults" | tail -n 1)
    case $found in
      '' | 'ARGS=' | 'ARGS=""' | "ARGS=''" | "$args") ;;
      *) echo "$defaults: $found" ;;
    esac
  fi

  for directory in /etc/systemd/system /usr/local/lib/systemd/system; do
    if [ -e "$directory/$package.service" ]; then echo "$directory/$package.service"; fi
  done
done
