"""What is read of a file equals what Keras itself loads from it: every array of every BatchNormalization layer."""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import saved
from bnlint.graph.model import Layer, ModelGraph
from bnlint.saved import process
from tests.conftest import needs
from tests.oracle.families import FAMILIES
from tests.saved import real

needs("h5py", "tensorflow", "keras", "tf_keras")
pytestmark = pytest.mark.keras

WHOLE = {3: ("x.keras", "x.h5"), 2: ("x.h5", "x.keras")}
ALONE = {3: ("x.weights.h5",), 2: ("x.weights.h5", "old_weights.h5")}


@pytest.fixture(autouse=True, scope="module")
def _fresh() -> Iterator[None]:
    yield
    process.close()


def read(graph: ModelGraph) -> list[Layer]:
    """Its layers, and those of the models that a wrapper applies."""
    graphs = [graph, *(model for event in graph.events if event.kind == "wrapped" and isinstance(model := event.args["model"], ModelGraph))]
    layers = [layer for each in graphs for call in each.calls for layer in (call.layer, call.layer.inner) if layer is not None]
    return list({id(layer): layer for layer in layers if layer.kind == "BatchNormalization"}.values())


def arrays_of(layer: Layer) -> dict[str, list[float]]:
    return {key: list(stats.values) for key, stats in layer.weights.items()}


def differences(graph: ModelGraph, truth: real.Arrays) -> list[str]:
    """The layers, under their paths, that are not read as Keras has them; one that several paths lead to is read once."""
    found = {tuple((layer.origin.key or "").split("/")): arrays_of(layer) for layer in read(graph)}
    wrong = [
        f"{names}: {_summary(arrays)}"
        for names, arrays in found.items()
        if arrays not in (truth.values() if names not in truth else (truth[names],))
    ]
    left = [arrays for names, arrays in truth.items() if names not in found]
    return wrong + [f"not read: {_summary(arrays)}" for arrays in left if arrays not in found.values()] + [gap.reason for gap in graph.gaps]


def _summary(arrays: dict[str, list[float]]) -> str:
    """Short: to compare thousands of numbers in words would take minutes."""
    return str({name: (len(values), values[:2]) for name, values in arrays.items()})


def distinct(truth: real.Arrays) -> Counter[str]:
    """The arrays alone, whatever their layers are called: a file of weights does not always tell."""
    return Counter({repr(sorted(arrays.items())) for arrays in truth.values()})


def arrays_in(layers: Iterable[Layer]) -> Counter[str]:
    return Counter(repr(sorted(arrays_of(layer).items())) for layer in layers)


@pytest.fixture(scope="module")
def made() -> dict[tuple[int, str], Any]:
    return {}


def model_of(made: dict[tuple[int, str], Any], major: int, name: str) -> Any:
    if (major, name) not in made:
        made[major, name] = real.scramble(real.SMALL[name](real.keras_of(major)))
    return made[major, name]


@pytest.mark.parametrize("name", real.SMALL)
@pytest.mark.parametrize(("major", "file"), [(major, file) for major, files in WHOLE.items() for file in files])
def test_the_arrays_of_a_small_model(major: int, file: str, name: str, made: dict[tuple[int, str], Any], tmp_path: Path) -> None:
    model = model_of(made, major, name)
    graph = saved.read(str(real.save(model, tmp_path / file)))
    assert differences(graph, real.arrays(model)) == []
    assert graph.artifact is not None
    assert graph.artifact.weights
    assert graph.artifact.keras == real.keras_of(major).__version__


@pytest.mark.parametrize("major", [2, 3])
def test_a_layer_that_an_archive_holds_only_once_is_not_read_twice(major: int, tmp_path: Path) -> None:
    """An outer and an inner model share it: Keras itself cannot load it again ("expected 4 variables, but received 0")."""
    model = real.scramble(real.shared_inside(real.keras_of(major)))
    graph = saved.read(str(real.save(model, tmp_path / "x.keras")))
    truth = real.arrays(model)
    first, second = read(graph)
    assert {repr(arrays_of(first)), repr(arrays_of(second))} == {repr(truth["both",]), "{}"}
    (gap,) = graph.gaps
    assert "does not hold the weights of this layer" in gap.reason


@pytest.mark.parametrize("name", ["plain", "nested", "shared", "wrapped", "channels_first"])
@pytest.mark.parametrize(("major", "file"), [(major, file) for major, files in ALONE.items() for file in files])
def test_the_arrays_of_weights_alone(major: int, file: str, name: str, made: dict[tuple[int, str], Any], tmp_path: Path) -> None:
    model = model_of(made, major, name)
    graph = saved.read(str(real.save(model, tmp_path / file)))
    truth = real.arrays(model)
    found = read(graph)
    if file == "x.weights.h5":  # of three arrays the first may be either; two are not told from another normalisation
        truth = {names: arrays for names, arrays in truth.items() if len(arrays) == 4}
        found = [layer for layer in found if len(layer.weights) == 4]
    assert (arrays_in(found) == distinct(truth)) is True


APPLICATIONS = [(major, "x.keras" if major == 3 else "x.h5", family.name) for family in FAMILIES for major in family.majors]


@pytest.mark.parametrize(("major", "file", "name"), [case for case in APPLICATIONS if case[2] == "MobileNetV3Small"])
def test_the_arrays_of_an_application(major: int, file: str, name: str, tmp_path: Path) -> None:
    assert of_application(major, file, name, tmp_path) > 30


def of_application(major: int, file: str, name: str, folder: Path) -> int:
    """How many layers were compared."""
    keras = real.keras_of(major)
    model = real.scramble(real.application(name)(keras))
    graph = saved.read(str(real.save(model, folder / file)))
    truth = real.arrays(model)
    assert differences(graph, truth) == []
    assert len(read(graph)) == len(truth)
    keras.backend.clear_session()
    return len(truth)


@pytest.mark.slow
def test_the_arrays_of_all_applications(tmp_path: Path, record_property: Any) -> None:
    """Of every family that holds BatchNormalization; Keras makes them, which takes the time."""
    layers = 0
    for major, file, name in APPLICATIONS:
        layers += of_application(major, file, name, tmp_path)
        (tmp_path / file).unlink()
        gc.collect()
    record_property("table", f"{len(APPLICATIONS)} models of keras.applications, {layers} BatchNormalization layers: all arrays equal")
    assert len(APPLICATIONS) >= 25
