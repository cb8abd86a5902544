"""The operator's programs: each module is a command, `llm-tuner-backup` for example, and `scripts/backup` in the repository. No part of the
server; what they share with it is its adapters and rules."""
