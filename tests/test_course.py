"""What checks ask of the order in which things are done: on events written by hand, of which the answers are plain to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bnlint.graph import course
from bnlint.graph.model import Choice, Event, Module, Origin, Turn
from tests.graphs import bn, chain, dense, event, span, unknown

FLAG = unknown("a flag")
NET, OTHER = chain(dense(), bn()).graph, chain(dense(), bn()).graph
HEAD, NORM = (call.layer for call in NET.calls if call.layer.role in ("linear", "batchnorm"))


def put(target: object, value: object, order: int = 0, **args: object) -> Event:
    return event("set_trainable", target, order, value=value, **args)


def module(*events: Event) -> Module:
    """The events in order, each at a place of its own unless it has one."""
    return Module("model.py", events=tuple(replace(each, order=order) for order, each in enumerate(events)))


def at(line: int, done: Event) -> Event:
    return replace(done, origin=Origin(span(line)))


def test_one_run_may_do_both_unless_a_test_forbids_it() -> None:
    first, second = put(NET, True), replace(put(NET, False), under=((FLAG, False),))
    assert course.possible(first, second)
    assert not course.possible(replace(first, under=((FLAG, True),)), second)


@pytest.mark.parametrize(
    ("first", "second", "certain", "shown"),
    [
        (Turn(1), Turn(1), True, True),
        (Turn(1, "Net.__init__"), Turn(2, "Net.fit"), True, True),
        (Turn(1, "Net.__init__"), Turn(2, "Other.fit"), False, False),
        (Turn(1, "build"), Turn(2, "train"), False, False),
        (Turn(1, execution=3), Turn(2, execution=4), False, True),
        (Turn(1, execution=4), Turn(2, execution=3), False, False),
        (Turn(1), Turn(2, execution=3), False, False),
    ],
)
def test_what_is_done_before_what(first: Turn, second: Turn, certain: bool, shown: bool) -> None:
    one, other = replace(put(NET, True, 1), run=first), replace(put(NET, False, 2), run=second)
    assert (course.precedes(one, other), course.before(one, other)) == (certain, shown)


STEP, BACKWARD, CALL = event("apply_gradients"), event("backward"), event("call", NET)


@pytest.mark.parametrize(
    ("scope", "events", "leads"),
    [
        ("fit", (CALL, BACKWARD, STEP), True),
        ("fit", (CALL, event("call", OTHER), BACKWARD, STEP), True),
        ("fit", (CALL, CALL, BACKWARD, STEP), False),
        ("fit", (CALL, STEP, BACKWARD), False),
        ("fit", (CALL, STEP), False),
        ("Net.train_step", (CALL, STEP), True),
        ("Net.train_step", (CALL, event("gradient"), STEP), False),
    ],
)
def test_the_updates_to_which_a_call_without_a_tape_leads(scope: str, events: tuple[Event, ...], leads: bool) -> None:
    seen = module(*(replace(each, origin=Origin(scope=scope)) for each in events))
    assert bool(course.updates(seen, seen.events[0])) is leads
    elsewhere = [replace(each, origin=Origin(scope="other")) for each in seen.events[1:]]
    assert not course.updates(module(seen.events[0], *elsewhere), seen.events[0])


@pytest.mark.parametrize(("given", "value"), [(1, True), (0, False), (True, True), (2, 2), (None, None)])
def test_a_value_is_what_it_stands_for(given: object, value: object) -> None:
    assert course.value_of(put(NET, given)) is value


def test_a_value_may_depend_on_a_test() -> None:
    choice = put(NET, Choice(FLAG, True, False))
    assert isinstance(course.value_of(choice), Choice)
    assert course.value_of(replace(choice, under=((FLAG, False),))) is False


def test_the_numbers_that_a_loop_sets() -> None:
    turns = [at(3, put(NET, True, of="one", cut=cut)) for cut in (slice(4, 5), slice(5, 6), None)]
    seen = module(*turns, at(3, put(OTHER, True, of="one", cut=slice(9, 10))), at(4, put(NET, True, of="one", cut=None)))
    assert course.numbers(seen, turns[0]) == [4, 5, None]
    assert course.numbers(seen, seen.events[-1]) == [None]


def test_a_part_is_within_what_holds_all_of_it() -> None:
    assert course.within(NET, NORM)
    assert course.within(NORM, NORM)
    assert course.within(NET, NET)
    assert not course.within(OTHER, NORM)
    assert not course.within(OTHER, NET)
    assert course.shares(NET, replace(NET, calls=(*NET.calls, *OTHER.calls)))
    assert not course.within(NET, replace(NET, calls=(*NET.calls, *OTHER.calls)))


def test_an_unknown_target_may_be_any() -> None:
    assert course.meets(put(unknown(), True), NORM)
    assert not course.meets(put(OTHER, True), NORM)
    assert course.undoes(put(unknown(), True), put(NORM, False))
    assert not course.undoes(put(NET, False), put(NORM, False))
    assert course.undoes(put(NET, FLAG), put(NORM, False)), "it may be the other value"
    assert not course.undoes(event("compile", NET), put(NORM, False))


def test_a_loop_that_sets_both_values_toggles() -> None:
    on, off = at(3, put(NET, True)), at(4, put(NET, False))
    assert course.toggles(module(on, off, on, off), on)
    assert not course.toggles(module(on, off), on)
    assert not course.toggles(module(on, at(4, put(OTHER, False)), on), on)


def test_the_flag_before_an_assignment() -> None:
    last = put(NET, True, 9)
    assert course.flag_before((last,), last) is True
    assert course.flag_before((put(NET, False), last), last) is False
    assert course.flag_before((put(NET, False, of="each"), last), last) is True, "its own flag stays"
    assert course.flag_before((put(NET, False), put(unknown(), True, 1), last), last) is None
    assert course.flag_before((replace(put(NET, False), under=((FLAG, True),)), last), last) is None
    assert course.flag_before((put(NET, False), put(NORM, True, 9)), put(NORM, True, 9)) is False, "a model hands it on"


def test_the_flag_at_a_compilation() -> None:
    compiled, asked = event("compile", NET), put(NORM, False)

    def flag(*events: Event) -> object:
        seen = module(*events, compiled, asked)
        return course.flag_at(seen, seen.events[-1], seen.events[-2])

    assert flag() is True
    assert flag(put(NET, False)) is False
    assert flag(put(NET, False, of="each", only="")) is False
    assert flag(put(NET, False, of="each", only="others")) is None
    assert flag(put(unknown(), False)) is None
    assert flag(put(OTHER, False)) is True


def test_what_settles_an_assignment() -> None:
    freeze, step = put(NET, False), event("fit", NET)

    def settled(*events: Event) -> bool:
        seen = module(freeze, *events, step)
        return course.is_settled(seen, seen.events[0], seen.events[-1], NET)

    assert not settled()
    assert settled(event("compile", NET))
    assert settled(event("compile", unknown()))
    assert settled(event("escape", NET))
    assert settled(put(NET, True))
    assert not settled(put(OTHER, True), event("compile", OTHER))
    assert not settled(put(NET, False))
