"""Telling people that a job ended. `choices` is what a user wants, `messages` what is said, `outbox` turns an end into deliveries,
`sending` makes one attempt, `service` is what routes and the notifier call."""
