"""Input that is made to break a linter, and what bnlint must say of it."""
