#!/usr/bin/env bash
# Makes a fresh machine ready: the Python environment in $VENV (.venv), and what test hosts run on.
# Looks before it acts, so that it costs nothing when there is nothing to do.
#
#   setup.sh venv|newest|oldest|docs-lint|hosts|bench-tools|tools ...
#
# The environment is made from $PYTHON, or from the first Python that is new enough; `newest` makes one from a Python
# for which there is a newer ansible-core, 3.12 on; `oldest` has the oldest ansible-core of meta/runtime.yml alone.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
PATH=${PATH//"$PWD/$venv/bin:"/} # make puts it first; the environment must not be made from itself

die() {
  echo "setup: $*" >&2
  exit 1
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

may_be_root() {
  [[ $(id -u) == 0 ]] || { command -v sudo && { sudo -n true || [[ -t 0 ]]; }; } >/dev/null 2>&1
}

install_packages() {
  [[ $# -gt 0 ]] || return 0
  command -v apt-get >/dev/null || die "missing: $*. Install them with this system's package manager."
  may_be_root || die "missing: $*. Become root or allow sudo, or run: sudo apt-get install $*"
  echo "setup: installing $*"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

find_python() { # the oldest minor version of Python 3
  local python candidates=(python3 python3.{14,13,12,11} "$HOME"/.pyenv/versions/*/bin/python3)
  [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
  for python in "${candidates[@]}"; do
    if "$python" -c "import sys; sys.exit(sys.version_info < (3, $1))" 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  die "needs Python 3.$1 or newer on this machine${PYTHON:+; PYTHON=$PYTHON is not} (hosts: 3.9)"
}

newest() {
  local python
  python=$(find_python 12 2>/dev/null) || { echo 'setup: the newest ansible-core is left out: it needs Python 3.12' && return; }
  PYTHON=$python venv
}

oldest() {
  local python version
  version=$(sed -nE 's/^requires_ansible: ">=([0-9]+\.[0-9]+)\..*/\1/p' meta/runtime.yml)
  [[ $("$venv/bin/python" -c 'import ansible.release as a; print(a.__version__)' 2>/dev/null) != "$version".* ]] || return 0
  python=$(find_python 11)
  echo "setup: installing ansible-core $version into $venv"
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check "ansible-core==$version.*"
}

# In an environment of its own: it brings 60 packages that nothing else needs.
docs-lint() {
  local version=2.28.0
  [[ ! -x .cache/docs-lint/bin/antsibull-docs ]] || return 0
  echo "setup: installing antsibull-docs $version into .cache/docs-lint"
  "$(find_python 11)" -m venv --clear .cache/docs-lint
  .cache/docs-lint/bin/python -m pip install -qq --disable-pip-version-check "antsibull-docs==$version"
}

venv() {
  local python stamp
  python=$(find_python 11)
  # The path belongs to it: a moved .venv does not work.
  stamp=$("$python" --version; echo "$PWD"; sha256sum requirements.lock)
  [[ -x $venv/bin/python && $(cat "$venv/stamp" 2>/dev/null) == "$stamp" ]] && return
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
  echo "setup: installing requirements.lock into $venv (about a minute)"
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
  echo "$stamp" >"$venv/stamp"
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -Wf '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

hosts() {
  local packages=(aardvark-dns catatonit debian-archive-keyring iptables mmdebstrap netavark openssh-client podman uidmap)
  if command -v dpkg-query >/dev/null; then
    # See molecule/shared/podman; elsewhere runc would push out another container engine's.
    [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || command -v runc >/dev/null || packages+=(runc)
    mapfile -t packages < <(missing_packages "${packages[@]}")
  else # not Debian's family: a registry has the base image
    packages=()
    command -v podman >/dev/null || packages+=(podman)
    command -v ssh-keygen >/dev/null || packages+=(openssh)
  fi
  install_packages "${packages[@]}"
  may_be_root || die 'test hosts are containers with systemd: podman must run as root or by sudo'
}

# What the benchmark measures with, as hosts have it, and the other ways; it leaves out what is not there.
bench-tools() {
  local packages
  command -v dpkg-query >/dev/null || return 0
  mapfile -t packages < <(missing_packages libxml2-utils xmlstarlet python3-lxml python3-yaml python3-prometheus-client)
  install_packages "${packages[@]}"
}

# The monitoring's own programs and node_exporter out of three Debian releases' packages, which would start servers if
# they were installed; the tests that need them are skipped without.
tools() {
  local suite root
  if ! command -v mmdebstrap >/dev/null; then
    command -v apt-get >/dev/null && may_be_root || return 0
    install_packages debian-archive-keyring mmdebstrap
  fi
  for suite in bookworm trixie forky; do
    [[ ! -x .cache/tools/$suite/prometheus-node-exporter ]] || continue
    echo "setup: unpacking Prometheus and Alertmanager of Debian's $suite"
    root=$(mktemp -d)
    # The Release file of a testing suite may be past its date on a mirror.
    if mmdebstrap --quiet --variant=extract --include=prometheus,prometheus-alertmanager,prometheus-node-exporter,victoria-metrics \
      --aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$root" 2>"$root.log"; then
      mkdir -p ".cache/tools/$suite"
      cp "$root"/usr/bin/{amtool,prometheus,prometheus-alertmanager,promtool,victoria-metrics,vmalert} \
        "$root"/usr/bin/prometheus-node-exporter ".cache/tools/$suite/"
    else
      cat "$root.log" >&2
    fi
    rm -rf "$root" "$root.log"
  done
}

[[ $# -gt 0 ]] || die 'usage: setup.sh venv|newest|oldest|docs-lint|hosts|bench-tools|tools ...'
for part in "$@"; do
  case $part in
    venv | newest | oldest | docs-lint | hosts | bench-tools | tools) "$part" ;;
    *) die "unknown part $part" ;;
  esac
done
