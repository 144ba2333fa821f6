"""Findings for people: message, code frame, help, and where to read more."""

from __future__ import annotations

from bnlint.report import Report, applies, changes, count, place, place_of, printable, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bnlint.findings import Finding, Histogram
    from bnlint.graph.model import Span

CONTEXT = 2
"""Lines shown before and after the marked ones."""

LONGEST = 12
"""Marked lines shown; the middle of what is longer is left out."""

WIDTH = 160
"""Columns of a source line; of longer ones a window is shown."""

_COLOURS = {"error": "1;31", "warning": "1;33", "info": "1;36"}
_BLUE, _BOLD, _CYAN = "1;34", "1", "36"


LAYERS = 8
"""Layers of a model named under one finding."""


def render(report: Report) -> str:
    return "".join(_block(alike, report) + "\n" for alike in _alike(report.findings)) + summary(report)


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings, with those together that say the same of several layers of a model file; in the order of the first of each."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        same = (finding.path, finding.code, finding.severity, finding.message, finding.help)
        groups.setdefault(id(finding) if finding.span or not finding.layer else same, []).append(finding)
    return list(groups.values())


def _block(alike: Sequence[Finding], report: Report) -> str:
    def paint(text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if report.colour and text else text

    finding, *others = alike
    marker = " [*]" if applies(finding, report.unsafe) else ""
    colour = _COLOURS[str(finding.severity)]
    span = finding.span
    lines = report.lines(finding.path, span.cell) if span else ()
    gutter = len(str(min(span.end_line + CONTEXT, len(lines)))) if span and lines else 1
    blue = " " * gutter + " " + paint("|", _BLUE)
    text = [f"{paint(finding.code, colour)}{paint(marker, _CYAN)} {paint(printable(finding.message), _BOLD)}"]
    arrow = f"{' ' * gutter}{paint('-->', _BLUE)} "
    text.append(arrow + _whereabouts(finding))
    text += [f"{' ' * gutter} {paint('|', _BLUE)}   {row}" for row in _spread(finding.histograms)]
    text += [arrow + _whereabouts(other) for other in others[: LAYERS - 1]]
    text += [f"{arrow}and {count(len(others) + 1 - LAYERS, 'more layer')}"] if len(others) >= LAYERS else []
    if span and 0 < span.line <= len(lines):
        text.append(blue)
        for number, source, marks in _frame(lines, span):
            head = blue if number is None else f"{paint(f'{number:>{gutter}} |', _BLUE)}"
            text.append(f"{head} {source}".rstrip() if not marks else f"{head} {source}{paint(marks, colour)}")
        text.append(blue)
    text += [f"{paint(label + ':', _BOLD)} {words}" for label, words in _notes(finding)]
    return "\n".join(text) + "\n"


def _whereabouts(finding: Finding) -> str:
    """Where it is found, and what the layer of a model file is."""
    return place_of(finding) + (f" ({printable(finding.about)})" if finding.about else "")


_BARS = "▁▂▃▄▅▆▇█"


def _spread(histograms: Sequence[Histogram]) -> list[str]:
    """The statistics of a layer, a line each: name, least and greatest value, and a bar for each step between them."""
    width = max((len(each.name) for each in histograms), default=0)
    rows = []
    for each in histograms:
        most = max(each.counts)
        bars = "".join(_BARS[-(-number * (len(_BARS) - 1) // most)] for number in each.counts) if most else ""
        bad = f"  ({each.nonfinite} not finite)" if each.nonfinite else ""
        rows.append(f"{each.name:<{width}}  min {each.low:<9.3g} max {each.high:<9.3g} {bars}{bad}".rstrip())
    return rows


def _notes(finding: Finding) -> list[tuple[str, str]]:
    """The lines below the frame, with their labels."""
    notes = [("help", printable(finding.help))] if finding.help else []
    if finding.fix is not None and finding.fix.safety.value == "unsafe":
        notes.append(("note", f"This is an unsafe fix and changes {changes(finding.code)}"))
    if finding.reason:
        notes.append(("note", f"No fix here: {printable(finding.reason)}"))
    for message, at in finding.related:
        where = place(at.path, at.line, at.column, at.cell) + ": " if at else ""
        notes.append(("note", where + printable(message)))
    notes.append(("rule", f"{finding.name} · {finding.severity} · bnlint explain {finding.code}"))
    return notes


Row = tuple[int | None, str, str]
"""A line of a frame: its number (None below and between source lines), what stands there, and marks after it."""


def _frame(lines: Sequence[str], span: Span) -> list[Row]:
    """The marked lines with their context, blank lines at the edges left out."""
    last = max(span.line, min(span.end_line, len(lines)))
    first_shown, last_shown = max(1, span.line - CONTEXT), min(len(lines), last + CONTEXT)
    while first_shown < span.line and not lines[first_shown - 1].strip():
        first_shown += 1
    while last_shown > last and not lines[last_shown - 1].strip():
        last_shown -= 1
    start = _column(lines[span.line - 1], span.column)
    shift = max(0, start - WIDTH // 2) if start > WIDTH * 3 // 4 else 0
    rows: list[Row] = []
    for number in range(first_shown, last_shown + 1):
        source = _shown(lines[number - 1], shift)
        if last == span.line:
            rows.append((number, source, ""))
            if number == last:
                width = max(1, _column(lines[number - 1], span.end_column) - start)
                rows.append((None, " " * (start - shift), "^" * min(width, WIDTH)))
            continue
        if span.line + LONGEST // 2 <= number <= last - LONGEST // 2 and last - span.line > LONGEST:
            if number == span.line + LONGEST // 2:
                rows.append((None, "| ...", ""))
            continue
        edge = "/" if number == span.line else "|" if span.line < number <= last else " "
        rows.append((number, f"{edge} {source}".rstrip(), ""))
        if number == last:
            end = max(1, _column(lines[number - 1], span.end_column) - shift)
            rows.append((None, "", "|" + "_" * min(end, WIDTH) + "^"))
    return rows


def _cells(line: str) -> list[str]:
    """What is shown for each character of a line."""
    return ["    " if char == "\t" else printable(char) for char in line]


def _is_plain(line: str) -> bool:
    """Whether each character is shown as itself, one column wide."""
    return line.isascii() and line.isprintable()


def _width(cell: str) -> int:
    if cell.isascii():
        return len(cell)
    import unicodedata

    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in cell)


def _column(line: str, column: int) -> int:
    """The width on the screen of what stands before a column (from 1)."""
    line = line.rstrip("\r\n")[: column - 1]
    if _is_plain(line):
        return len(line)
    return sum(map(_width, _cells(line)))


def _shown(line: str, shift: int) -> str:
    """The line as it is shown: the window that starts `shift` columns in."""
    line = line.rstrip("\r\n")
    if _is_plain(line):
        return line[shift : shift + WIDTH] if len(line) <= shift + WIDTH else line[shift : shift + WIDTH - 1] + "…"
    text, used = "", 0
    for cell in _cells(line):
        if used >= shift and used - shift + _width(cell) > WIDTH:
            return text[:-1] + "…"
        if used >= shift:
            text += cell
        used += _width(cell)
    return text
