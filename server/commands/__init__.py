"""The command line for those who use an installation, `llm-tuner train` and so on: programs that speak to a server over its API, as any
script would. Without a command `llm-tuner` runs the server itself.
"""
