"""The commands of bnlint: each module holds one, as `command`."""
