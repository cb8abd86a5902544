"""The words of OpenAI's API, for `/v1`: what its clients send, and what they read. Not in `openapi.json`: it is described elsewhere.

Field names, enums and ranges are those of the public specification; `docs/openai-compatibility.md` says what becomes of each field.
Requests take unknown fields and leave them alone, because clients send more than we know. Times are whole seconds since 1970.
"""
