"""Jobs: requests to tune. `states` says which moves there are, `plan` turns a request into a spec, `service` is what routes call,
`lifecycle` is what the supervisor calls, `progress` reads what the trainer says."""
