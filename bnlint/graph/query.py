"""Every question that a check may ask of a graph. No check walks a graph itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sized

from bnlint.graph.index import of_graph, of_project, reached
from bnlint.graph.model import Call, Choice, ClassInfo, Event, Join, Layer, ModelGraph, Origin, Project, Span, Tensor, Under, Unknown
from bnlint.records import dataclass

Assumption = Mapping[Unknown, bool]
"""Outcomes of tests that are taken for granted on the path under consideration."""

LIMIT = 512
"""Work after which a search through joins gives up and answers with an unknown step."""

LENGTH = 16
"""Calls and tests on the way to a step that make it one more to do: each step copies them."""

MANY = 128
"""Tests of which it is not asked whether one follows from another: it takes time with the square of their number."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One neighbour. `call` is None where the path leaves the graph (a model output, or the search gave up).

    `via` are the calls that were looked through, nearest first; `under` are the tests under which the two are neighbours.
    """

    call: Call | None
    via: tuple[Call, ...]
    under: Assumption


def decide(assumption: Assumption, condition: Unknown) -> bool | None:
    """The outcome of a test under an assumption; None if it does not follow."""
    if condition in assumption:
        return assumption[condition]
    if condition.test is None:
        for known, outcome in assumption.items():
            if outcome and known.test is not None and known.test[1] is condition:
                operator, _, constant = known.test
                return bool(constant) if operator == "==" else False if operator == "is" else None
        return None
    operator, subject, constant = condition.test
    for known, outcome in assumption.items():
        if known is subject:
            if operator == "is" and outcome:
                return False
            if operator == "==" and bool(constant) is not outcome:
                return False
        elif known.test and known.test[1] is subject and outcome and known.test[0] in ("==", "is"):
            value = known.test[2]
            if operator in ("==", "is"):
                return type(value) is type(constant) and value == constant
            if operator == "in" and isinstance(constant, tuple):
                return value in constant
    return None


def trains(assumption: Assumption) -> bool | None:
    """Whether a path is one of training: what the tests of the mode on it say; None where none of them says so."""
    modes = [subject for subject in (test if test.test is None else test.test[1] for test in assumption) if subject.mode]
    outcomes = [decide(assumption, mode) for mode in modes]
    return False if False in outcomes else True if True in outcomes else None


def extend(assumption: Assumption, condition: Unknown, outcome: bool) -> Assumption | None:
    """The assumption with one more outcome; None if that contradicts it."""
    known = decide(assumption, condition)
    if known is None:
        return {**assumption, condition: outcome}
    return assumption if known is outcome else None


def merge(assumption: Assumption, under: Under) -> Assumption | None:
    """The assumption with all outcomes of `under`; None if they contradict it."""
    if not under:
        return assumption
    if not assumption and len(under) > MANY:
        return dict(under)
    held, subjects = assumption, set[int]()
    merged: dict[Unknown, bool] | None = None
    for condition, outcome in under:
        known = held.get(condition)
        if known is None:
            if merged is None:
                held = merged = dict(assumption)
                subjects = {_subject(each) for each in assumption}
            subject = _subject(condition)
            known = decide(held, condition) if subject in subjects else None
            if known is None:
                merged[condition] = outcome
                subjects.add(subject)
                continue
        if known is not outcome:
            return None
    return held


def _subject(condition: Unknown) -> int:
    """The id of what a test is about: of two that are about different things none tells anything of the other."""
    return id(condition) if condition.test is None else id(condition.test[1])


def resolve(value: object, assumption: Assumption = {}) -> object:  # noqa: B006 (never written to)
    """The value under an assumption: a Choice is decided where it can be, else stays."""
    while isinstance(value, Choice):
        outcome = decide(assumption, value.condition)
        if outcome is None:
            first = resolve(value.if_true, {**assumption, value.condition: True})
            second = resolve(value.if_false, {**assumption, value.condition: False})
            if not isinstance(first, Choice) and type(first) is type(second) and first == second:
                return first
            return value
        value = value.if_true if outcome else value.if_false
    return value


def alternatives(value: object, assumption: Assumption = {}) -> tuple[object, ...]:  # noqa: B006
    """All values that a value may have under an assumption."""
    value = resolve(value, assumption)
    if not isinstance(value, Choice):
        return (value,)
    found: list[object] = []
    for outcome, branch in ((True, value.if_true), (False, value.if_false)):
        found.extend(alternatives(branch, {**assumption, value.condition: outcome}))
    return tuple(found)


def config(layer: Layer, name: str, assumption: Assumption = {}) -> object:  # noqa: B006
    """A configured value; an Unknown if the layer has none of that name."""
    return resolve(layer.config.get(name, Unknown(f"{layer.kind} has no known `{name}`")), assumption)


def calls_of(graph: ModelGraph, *roles: str) -> Iterator[Call]:
    """The calls of the graph whose layer has one of these roles, role by role."""
    return (call for role in roles for call in of_graph(graph).of_role.get(role, ()))


def sources(tensor: Tensor, assumption: Assumption = {}) -> Iterator[tuple[Call, Assumption]]:  # noqa: B006
    """The calls that a tensor may come from, joins looked through, each with the assumption under which it does."""
    if isinstance(tensor, Call):
        merged = merge(assumption, tensor.under)
        if merged is not None:
            yield tensor, merged
        return
    stack: list[tuple[Tensor, Assumption]] = [(tensor, assumption)]
    work = 0
    while stack:
        current, held = stack.pop()
        if isinstance(current, Call):
            merged = merge(held, current.under)
            if merged is not None:
                yield current, merged
            continue
        work += _work(held)
        if work > LIMIT:
            continue
        for alternative, outcome in zip(reversed(current.alternatives), (False, True), strict=True):
            extended = extend(held, current.condition, outcome)
            if extended is not None:
                stack.append((alternative, extended))


Through = Callable[[Call], bool]


def _through(through: Through | Collection[str]) -> Through:
    if callable(through):
        return through
    roles = frozenset(through)
    return lambda call: call.layer.role in roles


def _work(*path: Sized) -> int:
    return 1 + sum(map(len, path)) // LENGTH


def producers(call: Call, through: Through | Collection[str] = (), under: Assumption | None = None) -> tuple[Step, ...]:
    """What feeds a call: one Step for each alternative. Calls that `through` (roles, or a predicate) accepts are looked through."""
    passes = _through(through)
    start = merge(under or {}, call.under)
    found: list[Step] = []
    stack: list[tuple[Call, tuple[Call, ...], Assumption]] = [] if start is None else [(call, (), start)]
    work = 0
    while stack:
        current, via, held = stack.pop()
        for tensor in current.inputs:
            for source, merged in sources(tensor, held):
                work += _work(via, merged)
                if work > LIMIT:
                    return (*found, Step(None, via, merged))
                if passes(source) and source.inputs:
                    stack.append((source, (*via, source), merged))
                else:
                    found.append(Step(source, via, merged))
    return tuple(found)


def consumers(graph: ModelGraph, call: Call, through: Through | Collection[str] = (), under: Assumption | None = None) -> tuple[Step, ...]:
    """What a call feeds. A Step whose call is None is an output of the model, or an end that nothing consumes."""
    passes, index = _through(through), of_graph(graph)
    start = merge(under or {}, call.under)
    found: list[Step] = []
    stack: list[tuple[Tensor, tuple[Call, ...], Assumption]] = [] if start is None else [(call, (), start)]
    work = 0
    while stack:
        current, via, held = stack.pop()
        work += _work(via, held)
        if work > LIMIT:
            return (*found, Step(None, via, held))
        users = index.users.get(id(current), ())
        if id(current) in index.outputs or not users:
            found.append(Step(None, via, held))
        for user, position in users:
            if isinstance(user, Join):
                extended = extend(held, user.condition, position == 0)
                if extended is not None:
                    stack.append((user, via, extended))
                continue
            merged = merge(held, user.under)
            if merged is None:
                continue
            if passes(user):
                stack.append((user, (*via, user), merged))
            else:
                found.append(Step(user, via, merged))
    return tuple(found)


def is_output(graph: ModelGraph, call: Call) -> bool:
    """Whether the call is, on some alternative, an output of the model."""
    return any(source is call for tensor in graph.outputs for source, _ in sources(tensor))


def ancestors(tensors: Collection[Tensor]) -> set[int]:
    """The ids of all calls and joins that the tensors depend on, themselves included."""
    return {id(tensor) for tensor in reached(tensors)}


def is_given_out(project: Project, tensor: Tensor) -> bool:
    """Whether what some model of the project gives out depends on the tensor."""
    return id(tensor) in of_project(project).given_out


def upstream(tensors: Collection[Tensor]) -> Iterator[Call]:
    """All calls that the tensors depend on, the tensors themselves included, in no order."""
    return (tensor for tensor in reached(tensors) if isinstance(tensor, Call))


def is_recorded(project: Project) -> bool:
    """Whether this is a model that was read from a file, or from memory, and no source code."""
    return any(graph.artifact is not None for graph in project.models)


def layers(project: Project) -> Iterator[Layer]:
    """Every layer of the project once: those that were constructed, then those that only a graph knows; wrapped ones too."""
    return iter(of_project(project).layers)


def batchnorms(project: Project) -> Iterator[Layer]:
    """Every BatchNormalization layer of Keras (and of subclasses of it), applied or not."""
    kinds = ("BatchNormalization", "SyncBatchNormalization")
    return (layer for layer in layers(project) if layer.kind in kinds and layer.family == "keras")


def events(project: Project, *kinds: str) -> Iterator[Event]:
    """The events of these kinds, of all modules and models, in order."""
    return iter(of_project(project).events(kinds))


def files(origin: Origin) -> set[str]:
    """The paths of the file in which a place stands, and of those through which it was reached; none for what is of a model file."""
    return {span.path for span in (origin.span, *origin.stack) if span is not None}


def guarded(project: Project, origin: Origin) -> bool:
    """Whether code is ready for another version of Keras: in a `try` or under a test of versions, or called from there."""
    spans = of_project(project).guarded
    return any(lies_in(place, span) for place in (origin.span, *origin.stack) if place is not None for span in spans.get(place.path, ()))


def lies_in(inner: Span, outer: Span) -> bool:
    """Whether a place lies in another one of the same file."""
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    ends = (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    return (inner.path, inner.cell) == (outer.path, outer.cell) and starts and ends


def mentions(project: Project, names: Collection[str], path: str | None = None) -> bool:
    """Whether one of these names stands anywhere in the code of the project, or of one file (of those that front ends watch for)."""
    return any(not module.mentions.isdisjoint(names) for module in project.modules if path in (None, module.path))


def has_gaps(project: Project, call: Call) -> bool:
    """Whether something could not be seen in the file where a call stands, or in one through which it was reached."""
    paths = files(call.origin)
    return any(module.gaps for module in project.modules if module.path in paths)


def done_to(project: Project, target: object, *kinds: str) -> tuple[Event, ...]:
    """The events of these kinds whose target is `target`."""
    return tuple(event for event in events(project, *kinds) if event.target is target)


def compiled_with(project: Project, optimizer: Event) -> tuple[object, ...]:
    """What is compiled with the optimizer that the event makes, each once."""
    return tuple(dict.fromkeys(event.target for event in events(project, "compile") if event.args.get("optimizer") is optimizer.target))


def contains(graph: ModelGraph, layer: Layer) -> bool:
    """Whether the model applies the layer."""
    return id(layer) in of_graph(graph).layers


def with_parts(model: object) -> Iterator[ModelGraph]:
    """A model, the models that were called in it, those that were called in these, and so on."""
    seen: set[int] = set()
    stack = [model]
    while stack:
        graph = stack.pop()
        if isinstance(graph, ModelGraph) and id(graph) not in seen:
            seen.add(id(graph))
            yield graph
            stack.extend(graph.parts)


def covers(owner: object, layer: Layer) -> bool:
    """Whether the variables of a model (or layer) are, among others, those of this layer."""
    return owner is layer or any(
        contains(graph, layer) or (graph.cls is not None and any(owned is layer for owned in graph.cls.layers))
        for graph in with_parts(owner)
    )


def applications(project: Project, layer: Layer) -> Iterator[tuple[ModelGraph, Call]]:
    """Every application of a layer, with the graph in which it stands."""
    return iter(of_project(project).applied.get(id(layer), ()))


def owners(project: Project, layer: Layer) -> tuple[ClassInfo, ...]:
    """The classes whose instances own a layer."""
    return of_project(project).owners.get(id(layer), ())


def runs_of(project: Project, cls: ClassInfo) -> Iterator[tuple[Call, ...]]:
    """What the `call` of a class does, in order: one tuple for each graph of it, then what it does as a part of other models."""
    index = of_project(project)
    yield from (graph.calls for graph in index.of_class.get(id(cls), ()))
    yield tuple(call for graph, call in index.owned.get(cls.name, ()) if graph.cls is not cls)


def calls_in(project: Project, cls: ClassInfo) -> Iterator[Call]:
    """All calls that the `call` of a class makes, also where it is looked into as a part of another model."""
    return (call for calls in runs_of(project, cls) for call in calls)


def frozen(project: Project, layer: Layer, assumption: Assumption = {}) -> bool | None:  # noqa: B006
    """Whether a layer is frozen: False for one that nobody froze for all its training, True for one that was built frozen and stays so.

    Else None.
    """
    built = resolve(layer.trainable, assumption)
    touched = any(
        event.target is layer
        or (isinstance(event.target, Layer) and event.target.inner is layer)
        or (isinstance(event.target, Unknown) and event.args.get("foreign") is not True)
        or (isinstance(event.target, ModelGraph) and contains(event.target, layer) and not _is_for_another_model(project, event))
        for event in events(project, "set_trainable")
        if event.args.get("value") is not True and not _is_afterwards(project, event, layer)
    )
    thawed = any(event.args.get("value") is not False for event in events(project, "set_trainable"))
    if built is True:
        return None if touched else False
    return True if built is False and not thawed else None


def _is_afterwards(project: Project, freeze: Event, layer: Layer) -> bool:
    """Whether the layer was trained before, in the same run of the code, and nothing is trained after it is frozen."""
    trains = tuple(events(project, "compile", "fit", "train_on_batch", "gradient", "apply_gradients", "backward"))
    done = all(event.run == freeze.run and event.order < freeze.order for event in trains)
    return done and any(event.kind == "fit" and not event.under and covers(event.target, layer) for event in trains)


def _is_for_another_model(project: Project, freeze: Event) -> bool:
    """Whether what is frozen is trained all the same, like the discriminator of a GAN: it is set free in turn, or (in Keras 2) was compiled
    before."""
    if not any(event.target is freeze.target for event in events(project, "fit", "train_on_batch")):
        return False
    if any(event.target is freeze.target and event.args.get("value") is True for event in events(project, "set_trainable")):
        return True
    compiled = (event for event in events(project, "compile") if event.target is freeze.target and event.run == freeze.run)
    return project.keras.major < 3 and any(event.order < freeze.order for event in compiled)


def born_at(project: Project, span: Span) -> tuple[Layer, ...]:
    """All layers whose constructor call, or whose application, stands at this span. An input that is not known is none."""
    return of_project(project).born.get(span, ())
