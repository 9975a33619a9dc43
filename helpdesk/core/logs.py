"""How the log reads."""

import copy
import logging


class OneLine(logging.Formatter):
    """Says what happened, without the traceback: whoever sends nonsense cannot fill the log."""

    def format(self, record: logging.LogRecord) -> str:
        said = copy.copy(record)
        said.exc_info = said.exc_text = said.stack_info = None
        return super().format(said).replace("\n", " ")
