"""Comma-separated lists (arguments, parameters, elements, imported names) taken apart by libcst, changed with their layout kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bnlint.findings import DropArgument, SetArgument
from bnlint.fixer import Refused, tree


@dataclass(frozen=True, slots=True)
class Row:
    """What stands between two brackets. `gaps` are the whitespace and comments before each item, and those before the closing bracket."""

    items: tuple[str, ...]
    gaps: tuple[str, ...]
    trailing: bool = False
    """Whether a comma follows the last item."""

    def __str__(self) -> str:
        ends = [","] * (len(self.items) - 1) + ["," if self.trailing else ""] * bool(self.items)
        return "".join(gap + item + end for gap, item, end in zip(self.gaps, self.items, ends, strict=False)) + self.gaps[-1]


_MARKS: Final = {"ParamSlash": "/", "ParamStar": "*"}
"""Entries that libcst cannot spell without their comma."""

# Changes


def insert(row: Row, index: int, item: str) -> Row:
    """Put an item before the one at `index`, on a line of its own where the others are."""
    gap, count = row.gaps[index], len(row.items)
    if not count:
        pair = (gap, "") if "\n" in gap else ("", gap)
    elif index == 0:
        pair = (gap, _bare(row.gaps[1] if count > 1 else gap if "\n" in gap else " "))
    elif index < count:
        pair = _split(gap, _bare(gap))
    else:
        sample = row.gaps[count - 1] if count > 1 else row.gaps[0] if "\n" in row.gaps[0] else " "
        pair = _split(gap, _bare(sample)) if "\n" in sample else (sample, gap)
    items = (*row.items[:index], item, *row.items[index:])
    return replace(row, items=items, gaps=(*row.gaps[:index], *pair, *row.gaps[index + 1 :]))


def remove(row: Row, index: int, *, comment: bool = True) -> Row:
    """Take an item out, with its line if it has one; the comment that trails it stays if `comment`."""
    before, after = row.gaps[index], row.gaps[index + 1]
    last = index == len(row.items) - 1
    if not comment and "\n" in after:
        after = after[after.index("\n") :]
    items = (*row.items[:index], *row.items[index + 1 :])
    return Row(items, (*row.gaps[:index], _merge(before, after, last), *row.gaps[index + 2 :]), row.trailing and bool(items))


def _bare(gap: str) -> str:
    """A gap without its comments and blank lines."""
    return "\n" + gap[gap.rindex("\n") + 1 :] if "\n" in gap else gap


def _split(gap: str, sample: str) -> tuple[str, str]:
    """A gap that gets an item into its midst: a comment at the end of the line stays behind, what follows goes on."""
    if "\n" not in gap:
        return (sample, gap)
    first, _, rest = gap.partition("\n")
    return (first + sample, "\n" + rest)


def _merge(before: str, after: str, last: bool) -> str:
    if "\n" in before and "\n" in after:
        head, indent = before[: before.rindex("\n")], before[before.rindex("\n") :]
        tail = after[after.rindex("\n") :]
        kept = after[: after.rindex("\n")]
        if "#" in kept.partition("\n")[0]:  # the comment of what goes gets a line of its own
            kept = indent + kept.lstrip(" \t")
        return head + kept + (tail if last else indent)
    if "\n" in before:
        return after if last and "#" not in before else before
    return after if "\n" in after or last else before


# From and to source


def change_arguments(text: str, changes: Sequence[tree.ArgumentChange]) -> str:
    """The source of a call with its arguments changed; positions are those before any change."""
    call: Any = _expression(text)
    row = _row(call.args, _code(call.whitespace_before_args))
    names: list[str | int] = [arg.keyword.value if arg.keyword else arg.star or index for index, arg in enumerate(call.args)]
    changed, keys = row, list(names)
    for change in changes:
        if isinstance(change, SetArgument) and change.name not in keys:
            end = len(keys)
            while end and keys[end - 1] == "**":
                end -= 1
            changed = insert(changed, end, f"{change.name}={change.code}")
            keys.insert(end, change.name)
            continue
        index = keys.index(change.name if isinstance(change, SetArgument) else change.argument)
        item, key = changed.items[index], keys[index]
        if isinstance(change, DropArgument):
            changed = remove(changed, index)
            del keys[index]
        elif isinstance(change, SetArgument):
            changed = _with(changed, index, _other_value(item, _code(call.args[names.index(key)].value), change.code))
        else:
            changed = _with(changed, index, change.name + (item[len(key) :] if isinstance(key, str) else f"={item}"))
            keys[index] = change.name
    return _recompose(text, row, changed, 1)


def change_parameter(header: str, name: str, code: str) -> str:
    """The source of a function up to the closing parenthesis of its parameters, with a parameter (or another default)."""
    function: Any = _libcst().parse_statement(header + ": pass\n")
    found = function.params
    slash = [found.posonly_ind] if found.posonly_params else []
    stars = [found.star_arg] if hasattr(found.star_arg, "comma") else []
    double = [found.star_kwarg] if found.star_kwarg else []
    nodes = [*found.posonly_params, *slash, *found.params, *stars, *found.kwonly_params, *double]
    row = _row(nodes, _code(function.whitespace_before_params))
    names = [node.name.value if hasattr(node, "name") else "" for node in nodes]
    if name in names:
        node = nodes[names.index(name)]
        item = row.items[names.index(name)]
        if node.default is None:
            item += (" = " if node.annotation else "=") + code
        else:
            item = _other_value(item, _code(node.default), code)
        changed = _with(row, names.index(name), item)
    else:
        variadic = stars and hasattr(found.star_arg, "name")
        index = len(nodes) - len(double) if variadic else len(found.posonly_params) + len(slash) + len(found.params)
        changed = insert(row, index, f"{name}={code}")
    return _recompose(header, row, changed, 1)


def insert_element(text: str, index: int, item: str) -> str:
    """The source of a list or tuple with another element."""
    row = _elements(text)
    return _recompose(text, row, insert(row, index, item), 1)


def remove_element(text: str, index: int) -> str:
    """The source of a list or tuple with an element less; the comment that trails it goes too."""
    row = _elements(text)
    return _recompose(text, row, remove(row, index, comment=False), 1)


def insert_import(text: str, index: int, name: str) -> str:
    """The source of `from … import …` with another name."""
    statement: Any = _libcst().parse_statement(text + "\n")
    found = statement.body[0]
    brackets = (_code(found.lpar.whitespace_after), _code(found.rpar.whitespace_before)) if found.rpar else ("", "")
    row = _row(found.names, *brackets)
    return _recompose(text, row, insert(row, index, name), 1 if found.rpar else 0)


def _with(row: Row, index: int, item: str) -> Row:
    return replace(row, items=(*row.items[:index], item, *row.items[index + 1 :]))


def _other_value(item: str, old: str, new: str) -> str:
    """`name=old` with another value; what stands around the value stays."""
    start = item.rindex(old)
    return item[:start] + new + item[start + len(old) :]


def _elements(text: str) -> Row:
    node: Any = _expression(text)
    if hasattr(node, "lbracket"):
        return _row(node.elements, _code(node.lbracket.whitespace_after), _code(node.rbracket.whitespace_before))
    if len(node.lpar) < 2:
        raise Refused("the layers stand in a tuple without brackets")
    return _row(node.elements, _code(node.lpar[-1].whitespace_after), _code(node.rpar[0].whitespace_before))


def _row(nodes: Iterable[Any], opening: str, closing: str = "") -> Row:
    items: list[str] = []
    gaps, rest, trailing = [opening], "", False
    for node in nodes:
        after = next((name for name in ("whitespace_after_arg", "whitespace_after_param", "whitespace_after") if hasattr(node, name)), "")
        rest = _code(getattr(node, after)) if after else ""
        cst = _libcst()
        bare = node.with_changes(comma=cst.MaybeSentinel.DEFAULT, **({after: cst.SimpleWhitespace("")} if after else {}))
        item = _MARKS.get(type(node).__name__) or _code(bare)
        trailing = isinstance(node.comma, cst.Comma)
        if trailing:
            item += rest + _code(node.comma.whitespace_before)
            rest = _code(node.comma.whitespace_after)
        items.append(item)
        gaps.append(rest)
    gaps[-1] += closing
    return Row(tuple(items), tuple(gaps), trailing)


def _recompose(text: str, old: Row, new: Row, tail: int) -> str:
    end = len(text) - tail
    start = end - len(str(old))
    if text[start:end] != str(old):
        raise Refused("its layout is one that cannot be kept")
    return text[:start] + str(new) + text[end:]


def _expression(text: str) -> Any:
    return _libcst().parse_expression(f"({text}\n)")


def _code(node: Any) -> str:
    return str(_libcst().Module([]).code_for_node(node))


def _libcst() -> Any:
    """Imported on first use: it takes longer than to lint a file."""
    import libcst

    return libcst
