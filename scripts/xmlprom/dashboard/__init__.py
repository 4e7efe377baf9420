"""From mappings to a Grafana dashboard: `board` decides what to draw, `grafana` writes it with Grafana's SDK."""
