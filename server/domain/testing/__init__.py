"""Test submissions, test sets made of them, and evaluations: runs of a test set over a base and its tuned models."""
