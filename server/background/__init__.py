"""What goes on without a request: runs are started, watched and judged; a program that answers prompts is kept warm."""
