"""Why a run can fail: the values of the label `reason` of xmlprom_last_run_failure.

Each reason is here once; the status metrics, the README's and the runbook's tables follow it. The names are part of
the contract: never rename one.
"""

from __future__ import annotations


class Reason(str):
    """A reason: its name, as a text; what it means; what an operator does about it. All three are Markdown."""

    __slots__ = ("meaning", "remedy")
    meaning: str
    remedy: str

    def __new__(cls, name: str, meaning: str, remedy: str) -> Reason:
        reason = super().__new__(cls, name)
        reason.meaning = meaning
        reason.remedy = remedy
        return reason


MISSING = Reason(
    "missing",
    "no file is at the source's path, or none matches a glob",
    "look at whether the application runs, and where it writes",
)
FETCH = Reason(
    "fetch",
    "the collector's command or URL failed, took too long, or gave too much",
    "the journal has its last words; try the command, or the URL with `curl`, by hand",
)
UNREADABLE = Reason(
    "unreadable", "permission denied, or an I/O error", "add the file's group to the collector's `read_groups`"
)
NOT_REGULAR = Reason(
    "not_regular",
    "the path is a directory, FIFO, device or socket, or a symbolic link that leads elsewhere",
    "correct the mapping's `source`: the real path",
)
TOO_LARGE = Reason(
    "too_large", "the file is larger than `limits.source_size`", "raise the limit, or let the application clean up"
)
CHANGED = Reason(
    "changed", "the file was written each time it was read", "let the application write another file and rename it"
)
MALFORMED = Reason(
    "malformed",
    "the file is cut off, empty or not XML",
    "look at the line that the journal names; the application has to repair it",
)
DOCTYPE = Reason(
    "doctype",
    "the DOCTYPE has an internal subset, or an entity is not defined",
    "the application must not write it: XML attacks are made this way",
)
ROOT = Reason(
    "root",
    "the root element can't match the mapping's `rows`",
    "the application's format has changed, or it is another file",
)
VALUE = Reason(
    "value",
    "a text is no number, or a label's value is not declared",
    "declare it in the mapping: `map`, `missing`, `other`",
)
SEVERAL = Reason(
    "several",
    "a path has several matches where one text is wanted",
    "choose in the mapping: a predicate, `[1]`, or `sum()`",
)
JOIN = Reason(
    "join",
    "a row has no partner in the table or list that names it",
    "look at the row that the journal names; the application has to repair it",
)
LIMIT = Reason(
    "limit",
    "too many series, files or bytes, nested too deeply, or a text that is too long",
    "leave out the label that is an identifier, or raise `limits`",
)
INVALID = Reason(
    "invalid", "node_exporter would reject the metrics, or be harmed by them", "correct the names in the mapping"
)
CONFLICT = Reason(
    "conflict",
    "another `.prom` file has the same metrics, or the collector's name",
    "the journal names it; rename one of the two",
)
OUTPUT = Reason(
    "output",
    "the textfile directory can't be written; the status file is there too, so its metrics may still show the run"
    " before, and [XmlpromNoSuccess](#xmlpromnosuccess) fires",
    "look at its free space, and whether another role has set its owner and mode: `ls -ld`, `df`",
)
STALE = Reason(
    "stale",
    "the source is older than `max_age`; its data are withdrawn",
    "look at why the application stopped writing, see [XmlpromSourceOld](#xmlpromsourceold)",
)
KILLED = Reason(
    "killed", "the run took too long or too much memory", "raise `xmlprom_timeout` or the collector's `memory_max`"
)
MAPPING = Reason(
    "mapping", "the collector's mapping is missing or wrong", "run `xmlprom check` with the collector's name"
)
PACKAGE = Reason(
    "package",
    "a Python package that xmlprom needs is missing or broken",
    "install or reinstall the package that the journal names, `python3-lxml` or `python3-yaml`",
)
INTERNAL = Reason("internal", "a fault of xmlprom itself", "report it, with the journal's line")

REASONS = tuple(value for value in list(globals().values()) if isinstance(value, Reason))
