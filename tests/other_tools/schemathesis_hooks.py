"""What schemathesis needs to know of the formats of requests."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_, value):
    """The example is a text, as the schema says. Other values are written as one line."""
    return (value if isinstance(value, str) else json.dumps(value)).encode()
