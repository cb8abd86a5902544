"""Base models that training can start from, and tuned models that came of it."""
