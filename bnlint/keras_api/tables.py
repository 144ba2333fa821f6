"""How the tables of this package are written: words in one string, grouped by what they share."""

from collections.abc import Mapping


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def by_word(groups: Mapping[str, str]) -> dict[str, str]:
    """Word -> the key of the group that holds it; a later group wins."""
    return {word: key for key, text in groups.items() for word in text.split()}
