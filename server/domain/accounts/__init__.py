"""Who somebody is: registration, signing in, sessions and tokens. `service.py` is what the rest of the server calls."""
