"""From rows to the values of series."""
