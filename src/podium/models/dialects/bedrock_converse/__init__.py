"""Amazon Bedrock Converse: one wire for every vendor's chat models that Bedrock hosts. A provider's half only.

Sources: the Amazon Bedrock API reference, pages Converse, ConverseStream and the types they name, as botocore's own
service model states them; the user guide's pages "Prompt caching", "Structured output", "Tool use"; the event stream
encoding of the AWS documentation. Belongs here: its wire structs, readers and writers, its binary frames, and what
the families it hosts take of it. Never here: signatures, I/O, prices; a caller's half, for no caller speaks it.
"""

from .dialect import BedrockConverse

__all__ = ["BedrockConverse"]
