"""Draft a mapping from samples: scan (what they hold) -> rows and their keys -> metrics, the best first -> YAML."""
