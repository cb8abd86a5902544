"""Settings of the tests as a whole; fixtures live beside the tests that use them."""

import os

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
"""The same examples every time, and no failure because the machine was busy."""
settings.load_profile("house")

# The name under which Starlette's test client asks; the server answers to no name that it was not given.
os.environ.setdefault("LLM_TUNER_ALLOWED_HOSTS", "testserver")
# Every core for some seconds, beside whatever a test waits for: those that want it say so.
os.environ.setdefault("LLM_TUNER_CALIBRATE", "false")
# Servers of the tests start no program that nobody asked for. Those that want a waiting trainer say so.
os.environ.setdefault("LLM_TUNER_STANDBY", "off")
