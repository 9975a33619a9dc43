"""The one exception with which starting gives up."""


class CannotStart(Exception):
    """Something the operator must change; its text is one sentence that says what to do."""
