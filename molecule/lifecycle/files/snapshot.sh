#!/bin/sh
# What of a host a rollout could change: packages, users, groups, units, files with owner, mode and content.
export LC_ALL=C
dpkg-query -W -f 'package ${binary:Package} ${Version} ${db:Status-Status}\n'
sort /etc/passwd | sed 's/^/user /'
sort /etc/group /etc/gshadow | sed 's/^/group /'
systemctl list-unit-files --no-legend --plain | awk '{print "unit file", $1, $2}' | sort
systemctl list-units --all --no-legend --plain --type=service,timer,target |
  awk '/xmlprom|node.exporter/ {print "unit", $1, $3}' | sort
# Not what users and packages have backups and caches of, nor the tests' own way in.
find /etc /usr/local /var/lib /opt /srv /run/systemd/system -xdev \
  \( -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /etc/ld.so.cache -o \
     -path '/etc/passwd*' -o -path '/etc/group*' -o -path '/etc/gshadow*' -o -path '/etc/shadow*' -o \
     -path '/etc/sub[ug]id*' -o -path /var/lib/python -o -path /etc/.pwd.lock \) -prune -o \
  -printf 'file %p %u:%g %m %l ' \( -type f -exec sh -c 'sha256sum <"$1"' - {} \; -o -printf '\n' \) | sort
