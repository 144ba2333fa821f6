"""Real code in which a rule must find something, or must not. README.md says how one is written."""
