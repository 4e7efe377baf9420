"""Draft a mapping from a sample: scan (what does it hold) -> judge (what is worth a metric) -> write (YAML)."""
