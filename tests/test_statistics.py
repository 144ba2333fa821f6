"""What checks ask of the arrays of a model, and what the checks that do so answer: on layers whose numbers are plain to see."""

from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from bnlint import catalogue
from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import ABSENT, Artifact, Call, Event, KerasTarget, Layer, ModelGraph, Origin, Project, Unknown, WeightStats
from tests.graphs import add, bn, dense, flatten, layer, relu

FRESH: dict[str, Any] = {"gamma": [1.0, 1.0], "beta": [0.0, 0.0], "moving_mean": [0.0, 0.0], "moving_variance": [1.0, 1.0]}
TRAINED: dict[str, Any] = {"gamma": [1.1, 0.9], "beta": [0.1, 0.0], "moving_mean": [0.3, 2.0], "moving_variance": [0.02, 1.7]}
UNREAD: dict[str, Any] = {}


def norm(arrays: dict[str, Any], name: str = "bn", dtype: str = "float32", **config: Any) -> Layer:
    """A BatchNormalization of a file, with these arrays."""
    weights = {key: WeightStats.of(values, dtype) for key, values in arrays.items()}
    return replace(bn(**config), name=name, weights=weights, origin=Origin(key=name))


def model(*norms: Layer, events: tuple[Event, ...] = (), known: bool = True) -> ModelGraph:
    """A model of a file: each of these behind a Dense, or, where it is not `known` what stands between them, by themselves."""
    calls = [Call(layer("Input", "input"))]
    for each in norms:
        for one in (dense(), each, relu()) if known else (each,):
            calls.append(Call(one, (calls[-1],) if known else (), origin=one.origin))
    artifact = Artifact("model.keras", "test")
    graph = ModelGraph("model", "sequential", tuple(calls), (calls[-1],), artifact=artifact, origin=Origin(key=""))
    object.__setattr__(graph, "events", tuple(replace(event, target=graph) if event.target is ABSENT else event for event in events))
    return graph


def hits_of(code: str, graph: ModelGraph, keras: KerasTarget = KerasTarget(3)) -> list[Hit]:  # noqa: B008 (frozen)
    check = catalogue.check(code)
    assert check is not None
    return list(check(Project(keras, (), (graph,))))


def found(code: str, graph: ModelGraph, keras: KerasTarget = KerasTarget(3)) -> list[tuple[str, str | None]]:  # noqa: B008 (frozen)
    return [(hit.case, hit.origin.key) for hit in hits_of(code, graph, keras)]


def project(*models: ModelGraph) -> Project:
    return Project(KerasTarget(3), (), models)


def without(arrays: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values for name, values in arrays.items() if name not in names}


# Questions


@pytest.mark.parametrize(("variance", "fresh"), [(0.6, True), (0.5, True), (0.4998, True), (0.49, False)])
def test_statistics_are_fresh_as_long_as_enough_is_left_of_what_they_began_with(variance: float, fresh: bool) -> None:
    assert statistics.are_fresh(norm({**TRAINED, "moving_variance": [variance, 1.7]}), 0.5) is fresh


def test_only_layers_whose_statistics_were_read_are_known() -> None:
    read, unread, empty = norm(TRAINED), norm(UNREAD, "unread"), norm({**TRAINED, "moving_mean": []}, "empty")
    graph = model(read, unread, empty)
    assert [each.name for each in statistics.batchnorms(project(graph))] == ["bn", "unread", "empty"]
    assert [each.name for each in statistics.known(project(graph))] == ["bn"]
    assert statistics.all_known(project(graph)) == ()
    assert [each.name for each in statistics.all_known(project(model(read)))] == ["bn"]


@pytest.mark.parametrize(
    ("arrays", "initial"),
    [
        (FRESH, True),
        (TRAINED, False),
        (UNREAD, False),
        ({**FRESH, "moving_mean": [0.0, 1e-9]}, False),
        ({**FRESH, "moving_variance": [1.0, nan]}, False),
        ({**FRESH, "gamma": [7.0, 7.0]}, True),
        (without(FRESH, "gamma", "beta"), True),
        ({**FRESH, "renorm_mean": [0.0, 0.0], "renorm_stddev": [1.0, 1.0]}, True),
        ({**FRESH, "renorm_mean": [0.0, 0.5], "renorm_stddev": [1.0, 1.0]}, False),
    ],
)
def test_initial_statistics_are_exactly_those_of_keras(arrays: dict[str, Any], initial: bool) -> None:
    assert statistics.is_initial(norm(arrays)) is initial


@pytest.mark.parametrize(
    ("gamma", "config", "moved"),
    [
        ([1.0, 1.0], {"gamma_initializer": "ones"}, False),
        ([1.0, 1.1], {"gamma_initializer": "keras.initializers.Ones"}, True),
        ([0.0, 0.0], {"gamma_initializer": "keras.initializers.Zeros"}, False),
        ([1.0, 1.0], {"gamma_initializer": "zeros"}, True),
        ([0.0, 0.0], {"gamma_initializer": "zero"}, False),
        ([1.0, 1.0], {"gamma_initializer": "one"}, False),
        ([0.7, 0.2], {"gamma_initializer": "keras.initializers.RandomNormal"}, False),
        ([0.7, 0.2], {"gamma_initializer": Unknown("anything")}, False),
        ([0.5, 0.5], {}, False),
        ([0.5, 0.6], {}, True),
        ([nan, 1.0], {"gamma_initializer": "ones"}, True),
    ],
)
def test_an_array_has_moved_where_its_initializer_did_not_make_it(gamma: list[float], config: dict[str, Any], moved: bool) -> None:
    assert statistics.has_moved(norm({**FRESH, "gamma": gamma}, **config), "gamma") is moved
    assert statistics.has_moved(norm(without(FRESH, "gamma"), **config), "gamma") is False


def test_the_number_of_updates_follows_from_the_smallest_variance() -> None:
    ten, none, above = (norm({**TRAINED, "moving_variance": [value, 2.0]}) for value in (0.99**10, 1e-3, 1.5))
    assert statistics.updates([ten]) == pytest.approx(10)
    assert statistics.updates([ten, above]) == pytest.approx(10)
    assert statistics.updates([none]) == pytest.approx(687, abs=1)
    assert statistics.updates([above]) is None
    assert statistics.updates([norm(TRAINED, momentum=Unknown("not recorded"))]) is None
    assert statistics.updates([norm(TRAINED, momentum=1.5)]) is None


def test_the_smallest_variance_is_that_of_the_whole_model() -> None:
    one, other = norm(TRAINED), norm({**TRAINED, "moving_variance": [0.01, 3.0]}, "other")
    lowest = statistics.smallest([one, other])
    assert lowest is not None
    assert (lowest.layer.name, lowest.variance) == ("other", 0.01)
    assert statistics.smallest([norm({**TRAINED, "moving_variance": [nan, nan]})]) is None
    assert statistics.smallest([]) is None


def test_channels_are_counted_where_all_arrays_agree() -> None:
    assert statistics.channels(norm(TRAINED)) == 2
    assert statistics.channels(norm(UNREAD)) is None
    assert statistics.channels(norm({**TRAINED, "beta": [0.0]})) is None
    assert statistics.channels(norm({"moving_mean": [], "moving_variance": []})) is None


# Checks

CODES = ("BN601", "BN602", "BN603", "BN604", "BN605", "BN606", "BN607", "BN612", "BN613")


@pytest.mark.parametrize("code", CODES)
def test_a_model_without_batchnorm_or_without_weights_is_silent(code: str) -> None:
    assert found(code, model()) == []
    assert found(code, model(norm(UNREAD), norm(UNREAD, "other"))) == []
    assert found(code, model(norm({"moving_mean": [], "moving_variance": [], "gamma": [], "beta": []}))) == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("absent", [(), ("gamma",), ("beta",), ("gamma", "beta")])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_a_trained_model_is_silent(code: str, absent: tuple[str, ...], dtype: str) -> None:
    arrays = without(TRAINED, *absent)
    one_channel = {name: values[:1] for name, values in arrays.items()}
    assert found(code, model(norm(arrays, dtype=dtype), norm(one_channel, "one"))) == []


def test_never_updated_needs_all_layers_of_the_model() -> None:
    assert found("BN601", model(norm(FRESH), norm(FRESH, "other"))) == [("untrained", "")]
    assert found("BN601", model(norm(FRESH), norm(UNREAD, "unread"))) == []
    assert found("BN601", model(norm(FRESH), norm(TRAINED, "trained"))) == []


def test_a_wrapped_model_is_part_of_the_model() -> None:
    outer, inner = model(norm(TRAINED)), replace(model(norm(FRESH, "inner")), artifact=None)
    for code, cases in (("BN601", []), ("BN604", ["inner"])):
        check = catalogue.check(code)
        assert check is not None
        assert [hit.origin.key for hit in check(project(outer, inner))] == cases


def test_never_updated_is_worse_where_gamma_or_beta_was_trained() -> None:
    ones, zeros = {"gamma_initializer": "ones"}, {"beta_initializer": "zeros"}
    trained = {**FRESH, "beta": [0.0, 0.3]}
    assert found("BN601", model(norm(FRESH, **ones), norm(trained, "b", **zeros))) == [("trained", "")]
    assert found("BN601", model(norm({**FRESH, "gamma": [0.0, 0.0]}, gamma_initializer="zeros"))) == [("untrained", "")]
    assert found("BN601", model(norm(without(FRESH, "gamma", "beta")))) == [("untrained", "")]


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize("name", ["gamma", "beta", "moving_mean", "moving_variance"])
def test_what_is_not_finite_is_found_in_each_array(name: str, value: float) -> None:
    assert found("BN602", model(norm(TRAINED), norm({**TRAINED, name: [1.0, value]}, "bad"))) == [("default", "bad")]


def test_zero_is_no_negative_variance() -> None:
    assert found("BN603", model(norm({**TRAINED, "moving_variance": [0.0, -0.0]}))) == []
    assert found("BN603", model(norm({**TRAINED, "moving_variance": [1.0, -1e-12]}))) == [("default", "bn")]
    assert found("BN603", model(norm({**TRAINED, "moving_variance": [nan, -1.0]}))) == [("default", "bn")]


def test_partly_initial_names_each_layer_that_is() -> None:
    assert found("BN604", model(norm(FRESH, "a"), norm(TRAINED, "b"), norm(FRESH, "c"))) == [("default", "a"), ("default", "c")]
    assert found("BN604", model(norm(FRESH, "a"), norm(FRESH, "b"))) == []
    assert found("BN604", model(norm(FRESH))) == []
    assert found("BN604", model(norm(FRESH, "a"), norm(UNREAD, "b"))) == []
    assert found("BN604", model(norm(FRESH, "a"), norm(TRAINED, "b"), norm(UNREAD, "c"))) == [("default", "a")]


def still(low: float, **config: Any) -> Layer:
    return norm({**TRAINED, "moving_variance": [low, low * 1.5]}, f"at-{low}", **config)


def test_still_initial_looks_at_the_smallest_variance_of_the_model() -> None:
    assert found("BN605", model(still(0.9), still(0.6))) == [("counted", "at-0.6")]
    assert found("BN605", model(still(0.9), still(0.44))) == []
    assert found("BN605", model(still(1.1))) == [("uncounted", "at-1.1")]
    assert found("BN605", model(still(2.3))) == []
    assert found("BN605", model(still(0.9), norm(UNREAD, "unread"))) == []
    assert found("BN605", model(norm(FRESH), norm(FRESH, "other"))) == []
    assert found("BN605", model(still(0.9, moving_variance_initializer="zeros"))) == []
    assert found("BN605", model(still(0.9, moving_variance_initializer="keras.initializers.Ones"))) == [("counted", "at-0.9")]
    assert found("BN605", model(still(0.9, momentum=Unknown("not recorded")))) == [("uncounted", "at-0.9")]


def steps(count: int) -> tuple[Event, ...]:
    return (Event("steps", ABSENT, {"steps": count}),)


def test_what_the_optimizer_has_counted_ends_the_suspicion() -> None:
    assert found("BN605", model(still(0.9), events=steps(299))) == [("counted", "at-0.9")]
    assert found("BN605", model(still(0.9), events=steps(300))) == []
    assert found("BN605", model(still(0.9), still(0.8, momentum=0.999), events=steps(300))) == [("counted", "at-0.8")]


def test_steps_of_the_optimizer_tell_that_the_statistics_have_not_converged() -> None:
    assert found("BN204", model(still(0.95), events=steps(10))) == [("recorded", "at-0.95")]
    assert found("BN204", model(still(0.95), events=steps(400))) == []
    assert found("BN204", model(still(0.5), events=steps(10))) == [], "it has seen more updates: it was loaded"
    assert found("BN204", model(norm(UNREAD), events=steps(10))) == []
    assert found("BN204", model(norm(FRESH), events=steps(10))) == []
    assert found("BN204", model(still(0.95, trainable=False), events=steps(10))) == []


@pytest.mark.parametrize(("dead", "channels", "hits"), [(1, 20, 0), (2, 20, 1), (1, 1, 1), (0, 16, 0), (1, 19, 1)])
def test_a_few_channels_may_collapse(dead: int, channels: int, hits: int) -> None:
    variance = [1e-6] * dead + [0.5] * (channels - dead)
    assert len(found("BN606", model(norm({**TRAINED, "moving_variance": variance})))) == hits


def test_a_negative_variance_has_not_collapsed() -> None:
    assert found("BN606", model(norm({**TRAINED, "moving_variance": [-1.0, -2.0]}))) == []


@pytest.mark.parametrize(("gamma", "hits"), [([0.001, -0.001, 1.0], 1), ([0.001, 1.0], 0), ([0.0, 0.0], 1), ([0.02, 0.02], 0)])
def test_most_of_gamma_must_be_dead(gamma: list[float], hits: int) -> None:
    assert len(found("BN607", model(norm({**TRAINED, "gamma": gamma})))) == hits


def test_gamma_that_starts_a_residual_block_at_zero_is_no_dead_scale() -> None:
    zero = norm({**FRESH, "gamma": [0.0, 0.0]}, "zero")
    x = Call(layer("Input", "input"))
    y = Call(zero, (x,), origin=zero.origin)
    for end, hits in ((Call(add(), (x, y)), 0), (Call(flatten(), (y,)), 1)):
        assert len(found("BN607", ModelGraph("model", "functional", (x, y, end), (end,)))) == hits
    assert found("BN607", model(zero, known=False)) == []


def family(*values: float, name: str = "epsilon") -> ModelGraph:
    return model(*(norm(UNREAD, f"bn{number}", **{name: value}) for number, value in enumerate(values)))


@pytest.mark.parametrize(
    ("name", "values", "odd"),
    [
        ("epsilon", (1e-3, 1e-3, 0.05), ["bn2"]),
        ("epsilon", (1e-3, 0.01, 1e-3, 1e-3), ["bn1"]),
        ("epsilon", (1e-3, 1e-3, 0.009), []),
        ("epsilon", (1e-3, 0.05), []),
        ("epsilon", (1.001e-5, 1.001e-5, 1.001e-5, 1e-3), []),
        ("epsilon", (1e-3, 1e-3, 100.0), []),
        ("epsilon", (1e-3, 1e-3, 0.0), []),
        ("epsilon", (1e-3, 1e-3, 2e-7), ["bn2"]),
        ("epsilon", (1e-3, 1e-5, 0.05), []),
        ("momentum", (0.99, 0.99, 0.5), ["bn2"]),
        ("momentum", (0.99, 0.99, 0.9), []),
        ("momentum", (0.99, 0.99, 0.99999), ["bn2"]),
        ("momentum", (0.99, 0.99, 0.1), []),
        ("momentum", (0.99, 0.99, 1.0), []),
        ("momentum", (1.0, 1.0, 0.5), []),
    ],
)
def test_one_odd_value_stands_out_of_a_family(name: str, values: tuple[float, ...], odd: list[str]) -> None:
    assert found("BN608", family(*values, name=name)) == [("default", each) for each in odd]


@pytest.mark.parametrize(("values", "others"), [((1e-3, 1e-3, 0.05), "0.001"), ((0.004, 1e-3, 0.05), "0.001 to 0.004")])
def test_the_family_of_an_odd_value_is_told_as_it_is(values: tuple[float, ...], others: str) -> None:
    (hit,) = hits_of("BN608", family(*values))
    assert hit.values == {"name": "epsilon", "value": 0.05, "others": others, "count": 2}


def test_what_is_not_recorded_is_no_family() -> None:
    graph = model(*(norm(UNREAD, f"bn{number}", epsilon=Unknown("not recorded")) for number in range(3)), norm(UNREAD, epsilon=0.05))
    assert found("BN608", graph) == []


@pytest.mark.parametrize(
    ("channels", "low", "high", "hits"), [(16, 0.5, 0.52, 1), (15, 0.5, 0.52, 0), (16, 0.5, 0.53, 0), (16, 0.98, 1.0, 0), (16, 0.0, 0.0, 0)]
)
def test_uniform_variance_needs_many_channels_below_one(channels: int, low: float, high: float, hits: int) -> None:
    variance = [high, *[low] * (channels - 1)]
    assert len(found("BN612", model(norm({**TRAINED, "moving_variance": variance})))) == hits


def test_a_ratio_of_variances_beyond_all_scales() -> None:
    assert found("BN613", model(norm({**TRAINED, "moving_variance": [1e-4, 1e5]}))) == [("default", "bn")]
    assert found("BN613", model(norm({**TRAINED, "moving_variance": [1e-4, 1e3]}))) == []
    assert found("BN613", model(norm({**TRAINED, "moving_variance": [-1.0, 1e9]}))) == []
    assert found("BN613", model(norm({**TRAINED, "moving_variance": [0.0, 0.0]}))) == []


# What is recorded of the mode


def told(training: object, **config: Any) -> ModelGraph:
    graph = model(norm(TRAINED, **config))
    return replace(graph, calls=tuple(replace(call, training=training) if call.layer.name == "bn" else call for call in graph.calls))


@pytest.mark.parametrize(
    ("graph", "cases"),
    [
        (told(True), [("layer-true", "bn")]),
        (told(False), [("layer-false", "bn")]),
        (told(None), []),
        (told(ABSENT), []),
        (told(Unknown("not recorded")), []),
        (told(True, trainable=False), []),
        (replace(told(True), artifact=None), []),
    ],
)
def test_a_recorded_mode_is_found_unless_the_layer_is_frozen(graph: ModelGraph, cases: list[tuple[str, str | None]]) -> None:
    assert found("BN610", graph) == cases


def nested(training: object, **config: Any) -> ModelGraph:
    inner = model(norm(TRAINED, "inner/bn", **config))
    outer = replace(inner, parts=(inner,))
    apply = Event("apply", inner, {"training": training}, origin=Origin(key="inner"))
    object.__setattr__(outer, "events", (apply, Event("compile", outer)))
    return outer


def test_a_model_that_is_called_in_a_recorded_mode_is_found() -> None:
    assert found("BN610", nested(False)) == [("model-false", "inner")]
    assert found("BN610", nested(True)) == [("model-true", "inner")]
    assert found("BN610", nested(False, trainable=False)) == []
    assert found("BN309", nested(False)) == [("saved", "inner")]
    assert found("BN309", nested(False, trainable=False)) == []
    assert found("BN309", nested(True)) == []
