"""One technology each, behind a port. Vendor exceptions are translated here, at the call. Only `wiring` imports these."""
