"""From a fix to the changed file: intents become text edits (`edits`), the edits become bytes, checked and written (`apply`)."""


class Refused(Exception):
    """A change that is not made. `reason` is one line that a user can read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
