#!/bin/sh
# Prints owner, mode and checksum of all that a Prometheus, an Alertmanager and a Grafana on this host are set up by.
set -eu
find /etc/prometheus /etc/grafana /etc/default/prometheus /etc/default/prometheus-alertmanager -type f \
  -printf '%u:%g %m %T@ %p ' -exec md5sum {} \; | sort -k 4
