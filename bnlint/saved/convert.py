"""Trained weights for a model whose biases were dropped: each bias is folded into the moving mean behind it, in a new file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from bnlint.graph.model import KerasTarget, Layer, ModelGraph, Project
from bnlint.records import dataclass
from bnlint.saved import Unreadable, archive, fields, process, recognise, weights
from bnlint.saved.config import Reading, read_config
from bnlint.saved.files import open_file
from bnlint.saved.folding import batchnorm_behind, paired
from bnlint.saved.naming import Groups
from bnlint.saved.places import Place
from bnlint.saved.process import Contents, Fold, Variable, Window

_BIAS: Final = re.compile(r"(?:(.+)_)?(?:bias|b)(?:_\d+)?(?::\d+)?")
COUNTS: Final = {"SeparableConv1D": 3, "SeparableConv2D": 3}
"""Variables of a layer with a bias, the last of them; of all others two."""


class Refused(Exception):
    """Weights that cannot be converted, and why, in a line."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What tells how the model of the weights is built: a graph, and where a weights file keeps its layers (empty: not known)."""

    project: Project
    graph: ModelGraph
    places: tuple[Place, ...] = ()
    linear: tuple[Place, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Converted:
    """What was done: the layers that lost their bias, each with the BatchNormalization that took it; whether state was left out."""

    folded: tuple[tuple[str, str], ...]
    optimizer: bool


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A weights file, or a model with its weights. `config` is the configuration of the model where the file has one."""

    path: str
    window: Window
    contents: Contents
    members: Mapping[str, archive.Member]
    config: Any = None
    likeness: Likeness | None = None


def convert(old: str, new: str, names: Sequence[str], likes: Sequence[Likeness]) -> Converted:
    """Write `new`, which must not exist, from `old`: without the biases of the layers `names`, else of those that one of `likes`, which is
    the same model, builds without. Raises Refused, Unreadable, MissingExtra, OSError.
    """
    if os.path.lexists(new):
        raise Refused(f"{new} is there already: nothing is overwritten")
    file = _open(old)
    like = _chosen(file, likes)
    model = file.likeness or like
    if model is None:
        raise Refused(
            f"{old} holds weights alone: `--like` must name a model (.keras, .h5, .json) or a source that tells how its layers stand"
        )
    if not model.linear:
        raise Refused(f"{model.path} does not tell where a weights file keeps its layers: give a model (.keras, .h5, .json) instead")
    chosen = _named(model, names) if names else _without(file, model, like)
    folds: dict[Place, tuple[Layer, Fold]] = {}
    for place in chosen:
        if file.likeness is not None and not _has(place.layer, True):
            raise Refused(f"`{_key(place)}` has no bias in the configuration of {old}")
        bn = batchnorm_behind(model.project, model.graph, place.layer)
        if isinstance(bn, str):
            raise Refused(f"`{_key(place)}` {bn}: its bias stays")
        folds[place] = bn, Fold(_bias(file.contents, place), _mean(file.contents, model, bn))
    if not folds:
        raise Refused(f"no layer of {old} has a bias that is to go")
    config = None
    if file.config is not None:
        lost = {place.layer for place in folds}  # a layer that several models share stands in the configuration of each
        config = _edited(file.config, [place.names for place in model.linear if place.layer in lost])
    with _created(new) as target:
        _write(file, target, [fold for _, fold in folds.values()], config)
        target.flush()
        _check(file, new, folds)
    return Converted(tuple((_key(place), str(bn.name)) for place, (bn, _) in folds.items()), file.contents.optimizer)


def _key(place: Place) -> str:
    return "/".join(place.names) or place.path


# What there is


def _open(path: str) -> _File:
    found = recognise(path)
    if found == "keras":
        with open_file(path) as stream:
            members = archive.directory(stream)
            if weights.SINGLE not in members or "config.json" not in members:
                raise Refused(f"{path} does not hold its weights in one HDF5 file")
            config = fields.parse(archive.content(stream, members["config.json"]), "`config.json`")
        member = members[weights.SINGLE]
        window = Window(member.offset, member.stored, member.method, member.size)
        contents = process.read(path, [window], "all")
        return _File(path, window, contents, members, config, _likeness(read_config(config, path, archive.FORMAT), path))
    if found != "hdf5" or path.lower().endswith(".json"):
        raise Refused(f"{path} is no file of weights that can be converted: .keras, .h5 and .weights.h5 can")
    contents = process.read(path, weights="all")
    text = contents.attributes.get("model_config")
    config = fields.parse(text.encode("utf-8", "surrogatepass"), "the attribute `model_config`") if text is not None else None
    likeness = _likeness(read_config(config, path, "HDF5 model"), path) if config is not None else None
    return _File(path, Window(), contents, {}, config, likeness)


def like_model(path: str) -> Likeness:
    """How a model file says that its model is built."""
    with open_file(path) as stream:
        found = recognise(path)
        if found == "keras":
            members = archive.directory(stream)
            if "config.json" not in members:
                raise Unreadable("is an archive without a `config.json`: no Keras model")
            data = archive.content(stream, members["config.json"])
        elif found == "json":
            data = stream.read(fields.SIZE + 1)
        else:
            text = process.read(path, weights="none").attributes.get("model_config")
            if text is None:
                raise Unreadable("holds weights alone, and does not tell how their model is built")
            data = text.encode("utf-8", "surrogatepass")
    found_like = _likeness(read_config(fields.parse(data, "its configuration"), path, "model"), path)
    if found_like is None:
        raise Unreadable("does not record the layers of its model")
    return found_like


def _likeness(reading: Reading, path: str) -> Likeness | None:
    if reading.is_opaque:
        return None
    graph = reading.finish()
    return Likeness(Project(KerasTarget(3), models=(graph,)), graph, reading.places, reading.linear, path)


def like_source(project: Project, graph: ModelGraph, path: str) -> Likeness:
    """How a source builds a model. Where a weights file keeps its layers follows where each stands behind the one before."""
    calls = [call for call in graph.calls if call.layer.role != "input"]
    layers = list(dict.fromkeys(call.layer for call in calls))
    chain = len(layers) == len(calls) and not graph.parts and all(len(call.inputs) <= 1 and not call.layer.is_function for call in calls)
    used = [id(tensor) for call in calls for tensor in call.inputs]
    if not chain or len(set(used)) < len(used) or any(layer.subclass or layer.inner or layer.family != "keras" for layer in layers):
        return Likeness(project, graph, path=path)
    groups = Groups(counts_inputs=False)
    places = [Place(layer, groups.of({"class_name": layer.kind}), _names(layer)) for layer in layers]
    by_role = [tuple(place for place in places if place.layer.role == role) for role in ("batchnorm", "linear")]
    return Likeness(project, graph, by_role[0], by_role[1], path)


def _names(layer: Layer) -> tuple[str, ...]:
    return (layer.name,) if isinstance(layer.name, str) else ()


# Which biases go


def _named(model: Likeness, names: Sequence[str]) -> list[Place]:
    by_key = {_key(place): place for place in reversed(model.linear)}
    unknown = next((name for name in names if name not in by_key), None)
    if unknown is not None:
        from difflib import get_close_matches

        close = get_close_matches(unknown, list(by_key), 1)
        raise Refused(f"no layer with a bias is called `{unknown}`" + (f" (did you mean `{close[0]}`?)" if close else ""))
    return [by_key[name] for name in dict.fromkeys(names)]


def _without(file: _File, model: Likeness, like: Likeness | None) -> list[Place]:
    """The layers that have a bias in the file and none in the model that the weights shall fit."""
    if like is None:
        raise Refused("which biases are to go? Name layers with `--drop-bias`, or with `--like` the source or model that has none")
    places = list({id(place.layer): place for place in reversed(model.linear)}.values())[::-1]
    if file.likeness is None:  # weights alone: what they are to be like says all
        return [place for place in places if place.layer.config.get("use_bias") is False and _has_bias(file.contents, place)]
    pairs = paired(model.graph, like.graph)
    drops = {layer for layer, partner in pairs.items() if _has(layer, True) and _has(partner, False)} if not isinstance(pairs, str) else ()
    return [place for place in places if place.layer in drops]


def _chosen(file: _File, likes: Sequence[Likeness]) -> Likeness | None:
    """The one among several models that is that of the weights."""
    if file.likeness is None:
        fitting = [like for like in likes if like.linear] or list(likes[:1])
    else:
        pairs = [paired(file.likeness.graph, like.graph) for like in likes]
        fitting = [like for like, found in zip(likes, pairs, strict=True) if not isinstance(found, str)]
        if likes and not fitting:
            raise Refused(f"{likes[0].path} does not build the model of {file.path}: {pairs[0]}")
    if len(fitting) > 1:
        raise Refused(f"{fitting[0].path} builds more than one model that may be that of {file.path}: give a model file instead")
    return fitting[0] if fitting else None


def _has(layer: Layer, bias: bool) -> bool:
    return layer.config.get("use_bias") is bias


def _has_bias(contents: Contents, place: Place) -> bool:
    try:
        _bias(contents, place)
    except Refused:
        return False
    return True


def _bias(contents: Contents, place: Place) -> tuple[str, str]:
    """The bias of a layer in the file."""
    if not contents.layers:
        group = contents.groups.get(place.path)
        count = COUNTS.get(place.layer.kind, 2)
        fits = group is not None and len(group.variables) == count and (not place.names or group.label in (None, place.names[-1]))
        if group is None or not fits or len(group.variables[-1].shape) != 1:
            raise Refused(f"the weights file does not hold the bias of `{_key(place)}`")
        return group.path, group.variables[-1].name
    group = contents.groups.get(place.names[0]) if place.names else None
    found = [variable for variable in group.variables if _is_bias(variable, place)] if group is not None else []
    if group is None or len(found) != 1:
        raise Refused(f"the weights file does not hold the bias of `{_key(place)}`" + (", or more than one of its name" if found else ""))
    return group.path, found[0].name


def _is_bias(variable: Variable, place: Place) -> bool:
    *scopes, last = variable.name.split("/")
    match = _BIAS.fullmatch(last)
    prefix = (*scopes, match[1]) if match is not None and match[1] else tuple(scopes)
    return match is not None and (len(place.names) == 1 or (bool(prefix) and prefix[-1] == place.names[-1]))


def _mean(contents: Contents, model: Likeness, bn: Layer) -> tuple[str, str]:
    """The moving mean of a layer in the file."""
    found = weights.variables_of(model.places, contents, bn)
    if isinstance(found, str):
        raise Refused(f"the BatchNormalization {bn.name!r} cannot take the bias: {found}")
    group, variables = found
    return group, variables["moving_mean"].name


# The new file


@contextmanager
def _created(path: str) -> Iterator[BinaryIO]:
    """A file that was not there before. It goes again if what is done with it fails."""
    try:
        file = open(path, "x+b")  # noqa: SIM115 (closed before the file is removed)
    except FileExistsError:
        raise Refused(f"{path} is there already: nothing is overwritten") from None
    try:
        with file:
            yield file
    except BaseException:
        os.unlink(path)
        raise


def _write(file: _File, target: BinaryIO, folds: Sequence[Fold], config: Any) -> None:
    text = json.dumps(config) if config is not None else None
    if not file.members:
        process.convert(file.path, file.window, target, folds, text)
        return
    import shutil
    from tempfile import TemporaryFile
    from zipfile import ZipFile, ZipInfo

    with open_file(file.path) as source, ZipFile(target, "w") as made, TemporaryFile() as part:
        process.convert(file.path, file.window, part, folds, None)
        for name, member in file.members.items():
            if name == weights.SINGLE:
                part.seek(0)
                with made.open(ZipInfo(name), "w", force_zip64=True) as stream:  # without the time, so that the same gives the same
                    shutil.copyfileobj(part, stream)
            elif name == "config.json":
                made.writestr(ZipInfo(name), text or "")
            else:
                made.writestr(ZipInfo(name), archive.content(source, member))


def _edited(config: Any, layers: Sequence[tuple[str, ...]]) -> Any:
    """The configuration, with the layers built without a bias."""
    edited = json.loads(json.dumps(config))
    for names in layers:
        entry = edited
        for name in names:
            inside = entry["config"]
            listed = inside if isinstance(inside, list) else inside.get("layers", ())
            entry = next((item for item in listed if _is_called(item, name)), None)
            if entry is None or not isinstance(entry.get("config"), list | dict):
                raise Refused(f"the configuration of the model does not list `{'/'.join(names)}` by its name")
        entry["config"]["bias" if "bias" in entry["config"] else "use_bias"] = False
    return edited


def _is_called(entry: Any, name: str) -> bool:
    config = entry.get("config") if isinstance(entry, dict) else None
    return isinstance(config, dict) and name in (entry.get("name"), config.get("name"))


def _check(file: _File, new: str, folds: Mapping[Place, tuple[Layer, Fold]]) -> None:
    """Read the new file as any other, and compare it with what it should be. The worker has compared all arrays with the old ones."""
    written = _open(new)
    for _, fold in folds.values():
        before, bias, after = (_values(found, at) for found, at in ((file, fold.mean), (file, fold.bias), (written, fold.mean)))
        same = all(abs(was - by - now) <= 1e-6 * max(abs(was), abs(by), 1e-30) for was, by, now in zip(before, bias, after, strict=True))
        if not same or fold.bias in {
            (group.path, variable.name) for group in written.contents.groups.values() for variable in group.variables
        }:
            raise Refused(f"{new} was not written as it should be, and is removed")
    if written.likeness is None:
        return
    left = {place.names for place in written.likeness.linear if not _has(place.layer, False)}
    if left & {place.names for place in folds}:
        raise Refused(f"{new} was not written as it should be, and is removed: a layer still has its bias")


def _values(file: _File, at: tuple[str, str]) -> Sequence[float]:
    variable = next(variable for variable in file.contents.groups[at[0]].variables if variable.name == at[1])
    return variable.values or ()
