"""The product's documents, jobs and models in the words of OpenAI's API.

Nothing is kept here: these are other names for the same things.
"""
