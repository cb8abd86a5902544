"""HTTP: who is calling, what an error looks like, and the routes. Rules live in `domain`."""
