"""Settings of the tests as a whole; fixtures live beside the tests that use them."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
"""The same examples every time, and no failure because the machine was busy."""
settings.load_profile("house")
