"""What OpenAI's wires share: errors, long texts, free-text calls, identifiers of calls, efforts.

Belongs here: forms that chat completions, Responses, embeddings and transcriptions read or write alike. Never here: a
message or an item, which each wire has its own of; another vendor's wire; I/O.
"""
