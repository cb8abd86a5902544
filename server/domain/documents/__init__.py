"""Uploaded files: taken whole or refused with a reason, looked through once, previewed, deleted."""
