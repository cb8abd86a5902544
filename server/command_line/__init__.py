"""`llm-tuner`: the product from a terminal or a script, over the same HTTP API as the page. It imports neither the server nor torch."""
