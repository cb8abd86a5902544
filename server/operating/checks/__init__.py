"""What `scripts/deploy_check.py` looks at: one function a check, grouped by what they need. None of them changes anything that stays."""
