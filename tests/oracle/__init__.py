"""What real Keras builds, against what `bnlint graph` reads."""
