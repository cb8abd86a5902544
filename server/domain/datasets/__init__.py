"""Documents in an order, with their split: what a job trains on, frozen by a hash of its content."""
