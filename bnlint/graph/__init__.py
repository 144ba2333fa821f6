"""The graph that every input becomes: `model` is its data, `query` its questions, `verify` its law, `dump` its print."""
