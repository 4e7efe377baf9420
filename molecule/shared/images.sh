#!/usr/bin/env bash
# Makes the images of test hosts, or those that they are built on, where they are missing, and prints their names.
#
#   images.sh base|host|unit debian11|debian12|debian13 ...
#
# An image's name holds a hash of what it is made from, so a cached one is never out of date: of the
# Containerfile and of the week, because apt's package lists in it age.
set -euo pipefail
cd "$(dirname "$0")"

declare -A suites=([debian11]=bullseye [debian12]=bookworm [debian13]=trixie)

die() { echo "images.sh: $*" >&2 && exit 1; }
podman() { ./podman "$@"; }
as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi; }

# The base comes from Debian's packages; only a machine without mmdebstrap asks a registry.
base() {
  local name=$1 image=localhost/xmlprom-base:$1-$week
  if ! command -v mmdebstrap >/dev/null; then
    echo "docker.io/library/debian:${name#debian}" && return
  fi
  if ! podman image exists "$image"; then
    # Imported only when it is whole: an image that mmdebstrap did not finish would be kept for a week.
    as_root mmdebstrap --quiet --variant=minbase --include=ca-certificates "${suites[$name]}" - >"$work/base.tar" ||
      die "mmdebstrap failed for ${suites[$name]}"
    podman import --quiet "$work/base.tar" "$image" >&2
  fi
  echo "$image"
}

build() {
  local kind=$1 name=$2 image=localhost/xmlprom-$1:$2-$hash from
  if ! podman image exists "$image"; then
    echo "building $image (about a minute, once a week)" >&2
    from=$(base "$name")
    podman build --quiet --network host --target "$kind" --build-arg "BASE=$from" \
      --tag "$image" --file Containerfile . >&2
  fi
  echo "$image"
}

# Images that no run has a use for; one that a container still uses stays.
prune() {
  podman images --format '{{.Repository}}:{{.Tag}}' \
    --filter 'reference=localhost/xmlprom-*' --filter until=200h |
    while read -r image; do
      [[ $image == *-"$hash" || $image == *-"$week" ]] || podman rmi "$image" >/dev/null 2>&1 || true
    done
}

[[ ${1:-} =~ ^(base|host|unit)$ && $# -ge 2 ]] || die 'usage: images.sh base|host|unit debian11|debian12|debian13 ...'
kind=$1 && shift
week=$(date -u +%GW%V)
hash=$( (cat Containerfile && echo "$week") | sha256sum | cut -c1-12)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec 9<Containerfile
flock 9
for name in "$@"; do
  [[ -n ${suites[$name]:-} ]] || die "unknown distribution $name; known: ${!suites[*]}"
  if [[ $kind == base ]]; then base "$name"; else build "$kind" "$name"; fi
done
prune
