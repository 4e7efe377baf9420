"""From a mapping's YAML to checked records."""
