"""What the program that tests models is made of (`server.tuning.evaluation` is its entry): reading, deciding, comparing. No event is
written but by `run`."""
