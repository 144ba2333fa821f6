"""Puts the arrays of a weights file on the BatchNormalization layers of a graph; what does not fit is a gap, never a guess."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from bnlint.graph.model import Artifact, Call, Gap, Layer, ModelGraph, Origin, Unknown, WeightStats
from bnlint.records import replace
from bnlint.saved import Unreadable, fields, process
from bnlint.saved.files import open_file
from bnlint.saved.places import Place
from bnlint.saved.process import Contents, Group, Variable

if TYPE_CHECKING:
    from bnlint.saved.archive import Member
    from bnlint.saved.config import Reading

OFFSET: Final = ("gamma", "beta")
STATISTICS: Final = ("moving_mean", "moving_variance")
RENORM: Final = ("moving_stddev", "renorm_mean", "renorm_stddev")
OLD: Final = {"running_mean": "moving_mean", "running_std": "moving_variance"}
"""What Keras 1 called them; its `running_std` holds the variance."""

_LEAF: Final = re.compile(rf"(?:(.+)_)?({'|'.join((*OFFSET, *STATISTICS, *RENORM, *OLD))})(?:_\d+)?(?::\d+)?")
_BATCHNORM: Final = re.compile(r"(?:^|[/_])(?:batch_?norm|bn)", re.IGNORECASE)
_UNIT: Final = re.compile(r"^layers(?=/|$)|(?<=/)layers(?=/|$)")

SINGLE: Final = "model.weights.h5"
MAP: Final = "model.weights.json"
"""The members of an archive that hold the weights, or list the files that do."""
INFLATED: Final = 1 << 30
"""Bytes that a compressed member of an archive may take in memory."""
SHARDS: Final = 1000


# Files


def of_archive(path: str, members: Mapping[str, Member], content: Callable[[str], bytes]) -> process.Pending | None:
    """The weights in a `.keras` archive, one file or several; None if it holds none that can be read. `content` reads a member."""
    names = [SINGLE] if SINGLE in members else _shards(content(MAP)) if MAP in members else []
    missing = next((name for name in names if name not in members), None)
    if missing is not None:
        raise Unreadable(f"says that its weights are in `{missing}`, which is missing")
    large = next((name for name in names if members[name].method and members[name].size > INFLATED), None)
    if large is not None:
        raise Unreadable(f"holds `{large}` compressed from more than {INFLATED >> 30} GiB")
    found = [members[name] for name in names]
    windows = [process.Window(member.offset, member.stored, member.method, member.size) for member in found]
    return process.begin(path, windows) if windows else None


def of_shards(path: str) -> process.Pending:
    """The weights in the files that a `.weights.json` lists: plain names of regular files in its own folder."""
    with open_file(path) as file:
        names = _shards(file.read(fields.SIZE + 1))
    folder = os.path.dirname(os.path.abspath(path))
    windows = []
    for name in names:
        shard = os.path.join(folder, name)
        try:
            regular = stat.S_ISREG(os.lstat(shard).st_mode)
        except OSError as error:
            raise Unreadable(f"says that its weights are in `{name}`, which cannot be read: {error.strerror}") from None
        if not regular:
            raise Unreadable(f"says that its weights are in `{name}`, which is no regular file")
        windows.append(process.Window(path=shard))
    return process.begin(path, windows)


def _shards(data: bytes) -> list[str]:
    """The names of files in a map of weights, each once; only such as can stand beside it."""
    places = fields.table(fields.table(fields.parse(data, "it"), "it").get("weight_map"), "`weight_map`").values()
    listed = [[place] if isinstance(place, str) else fields.items(place, "`weight_map`") for place in places]
    names = list(dict.fromkeys(fields.text(name, "`weight_map`") for place in listed for name in place))
    if not 0 < len(names) <= SHARDS:
        raise Unreadable(f"lists no weights, or more than {SHARDS} files of them")
    for name in names:
        if not name.endswith(".weights.h5") or re.search(r"[/\\\0:]", name):
            raise Unreadable(f"says that its weights are in {name!r}, which is no name of a file beside it")
    return names


# Layers that are known


def finish(reading: Reading, contents: Contents | None, notes: tuple[str, ...] = ()) -> ModelGraph:
    """The graph of a config with the weights that go with it, if they were read."""
    if contents is None:
        return reading.finish(notes=notes)
    gaps = place(reading.places, contents)
    placed = not reading.places or any(each.layer.weights for each in reading.places)
    return _filled(reading, contents).finish(placed, gaps, steps=contents.steps)


def place(places: Sequence[Place], contents: Contents) -> tuple[Gap, ...]:
    """Put the arrays on the layers; a Gap for each layer whose arrays are missing or do not fit."""
    by_layer: dict[int, list[Place]] = {}
    for each in places:
        by_layer.setdefault(id(each.layer), []).append(each)
    find = _Named(places, contents) if contents.layers else _Numbered(places, contents)
    gaps = []
    for alternatives in by_layer.values():
        layer = alternatives[0].layer
        found = find.arrays(alternatives)
        if not isinstance(found, str):
            found = _misfit(layer, found) or found
        if isinstance(found, str):
            gaps.append(Gap(found, layer.origin))
        else:
            cast("dict[str, WeightStats]", layer.weights).update(_stats(found))
    return tuple(gaps)


def variables_of(places: Sequence[Place], contents: Contents, layer: Layer) -> tuple[str, Mapping[str, Variable]] | str:
    """The group in which a file keeps a BatchNormalization, and its variables by what they are; or in words why that cannot be told."""
    find = _Named(places, contents) if contents.layers else _Numbered(places, contents)
    found = find.arrays([each for each in places if each.layer is layer])
    if isinstance(found, str):
        return found
    first = next(iter(found.values()))
    group = next(group.path for group in contents.groups.values() if any(variable is first for variable in group.variables))
    return _misfit(layer, found) or (group, found)


def _stats(variables: Mapping[str, Variable]) -> dict[str, WeightStats]:
    return {key: WeightStats.of(found.values, found.dtype) for key, found in variables.items() if found.values is not None}


def _misfit(layer: Layer, variables: Mapping[str, Variable]) -> str | None:
    """What is wrong with the arrays of a layer, if anything."""
    wanted = _variables(layer)
    if set(wanted) != set(variables):
        return f"the weights file holds {_list(variables)} of this layer, whose configuration asks for {_list(wanted)}"
    if any(variable.values is None for variable in variables.values()):
        return "the weights of this layer are no vectors: it normalises more than one axis"
    if len({variable.shape for variable in variables.values()}) > 1:
        return "the weights of this layer differ in length"
    return None


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _variables(layer: Layer) -> tuple[str, ...]:
    """The variables of a BatchNormalization, in the order in which Keras saves them."""
    offset = [key for key, argument in zip(OFFSET, ("scale", "center"), strict=True) if layer.config.get(argument, True) is not False]
    return (*offset, *STATISTICS, *(RENORM if layer.config.get("renorm") is True else ()))


class _Numbered:
    """A file of Keras 3: variables by the path of the layer and their number."""

    def __init__(self, places: Sequence[Place], contents: Contents) -> None:
        self._groups = contents.groups
        self._labels = Counter(group.label for group in contents.groups.values() if group.label is not None)
        self._names = Counter(name for name, _ in {(each.names[-1:], id(each.layer)) for each in places})

    def arrays(self, places: Sequence[Place]) -> Mapping[str, Variable] | str:
        groups = [group for each in places if (group := self._at(each.path)) is not None]
        name = places[0].names[-1] if places[0].names else None
        group = next((group for group in groups if group.label is None or name in (None, group.label)), None) or self._labelled(name)
        if group is None:
            other = next((f"; it holds those of `{group.label}` in its place" for group in groups), "")
            return f"the weights file does not hold the weights of this layer{other}"
        wanted = _variables(places[0].layer)
        if len(wanted) != len(group.variables):
            return f"the weights file holds {len(group.variables)} arrays of this layer, whose configuration asks for {_list(wanted)}"
        return dict(zip(wanted, group.variables, strict=True))

    def _at(self, path: str) -> Group | None:
        return self._groups.get(path) or self._groups.get(_UNIT.sub("_layer_checkpoint_dependencies", path))  # as Keras 2.12 wrote it

    def _labelled(self, name: str | None) -> Group | None:
        """A layer that an outer and an inner model share is saved once, under the path in either: its name tells, if it is the only one."""
        if name is None or self._labels[name] != 1 or self._names[name,] != 1:
            return None
        return next(group for group in self._groups.values() if group.label == name)


class _Named:
    """A file of Keras 1 or 2: variables by the name of the outermost layer and their own."""

    def __init__(self, places: Sequence[Place], contents: Contents) -> None:
        self._sets = {name: _sets(group) for name, group in contents.groups.items()}
        places = [each for each in places if each.names]
        self._inside = Counter(names[0] for names, _ in {(each.names, id(each.layer)) for each in places})
        self._claims = Counter(
            (each.names[0], prefix) for each in places for prefix in self._sets.get(each.names[0], ()) if _fits(prefix, each.names)
        )

    def arrays(self, places: Sequence[Place]) -> Mapping[str, Variable] | str:
        for each in places:
            sets = self._sets.get(each.names[0], {}) if each.names else {}
            if len(sets) == 1 and self._inside[each.names[0]] == 1:
                return next(iter(sets.values()))
            fitting = [prefix for prefix in sets if _fits(prefix, each.names)]
            if len(fitting) > 1 or any(self._claims[each.names[0], prefix] > 1 for prefix in fitting):
                return "the weights file has more than one layer by this name in the same place: which is meant cannot be told"
            if fitting:
                return sets[fitting[0]]
        return "the weights file does not hold the weights of this layer"


def _fits(prefix: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether variables of this prefix may be those of the layer: TensorFlow names them by layer, or by the wrapper, within scopes."""
    return bool(prefix) and prefix[-1] in (names[-1], names[-2] if len(names) > 1 else "") and set(prefix[:-1]) <= set(names)


def _sets(group: Group) -> dict[tuple[str, ...], dict[str, Variable]]:
    """The arrays of the BatchNormalization layers in a group, by the prefix of their names."""
    found: dict[tuple[str, ...], dict[str, Variable]] = {}
    for variable in group.variables:
        *scopes, last = variable.name.split("/")
        match = _LEAF.fullmatch(last)
        if match is not None:
            prefix = (*scopes, match[1]) if match[1] else tuple(scopes)
            key = OLD.get(match[2], match[2])
            found.setdefault(prefix, {})[key] = variable
    return {prefix: variables for prefix, variables in found.items() if set(STATISTICS) <= set(variables)}


# Layers that only the file tells of


def graph_of(contents: Contents, path: str, name: str, form: str, notes: Sequence[str] = ()) -> ModelGraph:
    """The graph of a file that holds weights alone: its BatchNormalization layers, and nothing about what stands between them."""
    from bnlint.saved.config import Reading

    artifact = Artifact(path, form, contents.attributes.get("keras_version"), notes=tuple(notes))
    graph = ModelGraph(name, "subclass", artifact=artifact, origin=Origin(key=""))
    return _filled(Reading(graph, ()), contents).finish(True)


def _filled(reading: Reading, contents: Contents) -> Reading:
    """The reading of a config with the layers that it does not record, and the weights show: those of a user's own layers and models."""
    layers = tuple(_named_layers(reading.places, contents) if contents.layers else _numbered_layers(reading.places, contents))
    graph, artifact = reading.graph, reading.graph.artifact
    if not layers or artifact is None:
        return reading
    known = artifact.layers or len(contents.groups) - len(layers)
    artifact = replace(artifact, layers=known + len(layers), batchnorms=artifact.batchnorms + len(layers))
    return replace(reading, graph=replace(graph, calls=(*graph.calls, *detached(layers)), artifact=artifact))


def detached(layers: Iterable[Layer]) -> tuple[Call, ...]:
    """Calls of layers whose neighbours are not known: each has an unknown input, and an unknown consumer."""
    calls = []
    for layer in layers:
        nothing = Layer("unknown", "unknown", is_function=True, origin=layer.origin)
        before = Call(nothing, origin=layer.origin)
        call = Call(layer, (before,), origin=layer.origin)
        calls += [before, call, Call(nothing, (call,), origin=layer.origin)]
    return tuple(calls)


def _layer(key: str, name: str, variables: Mapping[str, Variable], config: Mapping[str, object]) -> Layer:
    unknown = Unknown("a weights file does not record the settings of layers")
    settings = {"axis": unknown, "momentum": unknown, "epsilon": unknown, "scale": unknown, "center": unknown, **config}
    return Layer("BatchNormalization", "batchnorm", name, settings, trainable=unknown, weights=_stats(variables), origin=Origin(key=key))


def _named_layers(places: Sequence[Place], contents: Contents) -> Iterator[Layer]:
    known = {each.names[0] for each in places}
    for group in contents.groups.values():
        for prefix, variables in _sets(group).items() if group.path not in known else ():
            names = (group.path, *(scope for scope in prefix if scope != group.path))
            shown = {argument: key in variables for key, argument in zip(OFFSET, ("scale", "center"), strict=True)}
            if len({variable.shape for variable in variables.values()}) == 1:
                yield _layer("/".join(names), names[-1], variables, shown)


def _numbered_layers(places: Sequence[Place], contents: Contents) -> Iterator[Layer]:
    known = {each.path for each in places} | {each.names[-1] for each in places}
    for group in contents.groups.values():
        variables = group.variables if group.path not in known and group.label not in known else ()
        vectors = [variable for variable in variables if variable.values is not None and "float" in variable.dtype]
        if not 2 <= len(variables) <= 4 or len(vectors) < len(variables) or len({variable.shape for variable in variables}) > 1:
            continue
        is_named = any(_BATCHNORM.search(text) for text in (group.path, group.label or ""))
        if len(variables) == 4:
            found = dict(zip((*OFFSET, *STATISTICS), variables, strict=True))
            if is_named or min(variables[3].values or (0,)) >= 0:
                yield _layer(group.path, group.label or group.path, found, {"scale": True, "center": True})
        elif is_named:
            # Of three the first is gamma or beta; of two it may be the layer normalisation that is called so
            statistics = dict(zip(STATISTICS, variables[-2:], strict=True))
            if len(variables) == 3:
                yield _layer(group.path, group.label or group.path, statistics, {})
