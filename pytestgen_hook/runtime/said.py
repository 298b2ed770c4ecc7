"""What a call prints and logs, heard as pytest's fixtures ``capsys`` and ``caplog`` hear it."""

import collections
import io
import sys

_LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log"}

Captured = collections.namedtuple("Captured", "out err")


class Heard:
    """Listens in place of the standard streams, and to the root logger, from when it is made until ``end``."""

    def __init__(self):
        self._streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._replaced = _stream(), _stream()
        self.messages = []
        self._handler = None
        self._by_arguments = False
        logging = sys.modules.get("logging")
        if logging is not None:
            self._handler = logging.Handler()
            self._handler.emit = lambda record: self.messages.append(record.getMessage())
            logging.root.addHandler(self._handler)

    def end(self):
        """Give the streams back, unless they were replaced meanwhile."""
        if (sys.stdout, sys.stderr) == self._replaced:
            sys.stdout, sys.stderr = self._streams
        if self._handler is not None:
            sys.modules["logging"].root.removeHandler(self._handler)
            self._handler = None

    def by_arguments(self):
        """Note that what was heard so far came of the making of the arguments: no test tells that apart."""
        self._by_arguments = bool(self.messages) or self.readouterr() != ("", "")

    def readouterr(self):
        """Return what was printed since the last time, as ``capsys.readouterr()`` does."""
        return Captured(*map(_taken, self._replaced))

    def words(self, names):
        """Yield (expression over ``capsys`` or ``caplog``, value) of what there is to assert.

        ``names`` are those that the function uses: that one which prints or logs did not do so is worth a check.
        """
        if self._by_arguments:
            return
        out, err = self.readouterr()
        if err and not out and "Warning: " not in err:  # warnings are pytest's to show
            yield "capsys.readouterr().err", err
        elif out or "print" in names:
            yield "capsys.readouterr().out", out
        if self.messages or not _LOGGING.isdisjoint(names):
            yield "caplog.messages", list(self.messages)


def _stream():
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)


def _taken(stream):
    try:
        text = stream.buffer.getvalue().decode("utf-8", "replace")
        stream.seek(0)
        stream.truncate()
    except ValueError:  # the call closed it
        return ""
    return text
