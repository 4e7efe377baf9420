"""From mappings to a Grafana dashboard: `panels` decides what to draw, `grafana` writes it with Grafana's SDK."""
