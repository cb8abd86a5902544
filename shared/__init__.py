"""What crosses a process border: wire models, the job spec, trainer events, and the rules that server and trainer must agree on."""
