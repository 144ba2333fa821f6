"""BN over padded steps: a layer in between has dropped the mask that told which steps are real."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.masks import makes_mask
from bnlint.checks.modes import normalises
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Call, Project
from bnlint.keras_api.tables import words

DROPS = words(
    "AveragePooling1D Conv1D Conv1DTranspose Cropping1D DepthwiseConv1D LocallyConnected1D MaxPooling1D SeparableConv1D UpSampling1D "
    "ZeroPadding1D"
)
"""Layers along time that take a mask and give none."""

KEEPS = words(
    "Activation AlphaDropout BatchNormalization Dense Dropout ELU GaussianDropout GaussianNoise LayerNormalization LeakyReLU PReLU ReLU "
    "Softmax SpatialDropout1D"
)


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in query.calls_of(graph, "batchnorm"):
            steps = query.producers(bn, _is_passed)
            lost = [next((call for call in reversed(step.via) if call.layer.kind in DROPS), None) for step in steps]
            masked = [step.call is not None and makes_mask(step.call.layer) for step in steps]
            dropping, source = (lost[0], steps[0].call) if steps and all(masked) and None not in lost else (None, None)
            if dropping and source and normalises(bn.layer) and _is_sequence(bn) and query.frozen(project, bn.layer) is not True:
                related = (Related(source.layer.origin, "mask", source.layer), Related(dropping.layer.origin, "drops", dropping.layer))
                yield Hit("default", bn.layer.origin, bn.layer, values={"drops": dropping.layer.kind}, related=related)


def _is_passed(call: Call) -> bool:
    return not call.layer.is_function and call.layer.family == "keras" and call.layer.subclass is None and call.layer.kind in DROPS | KEEPS


def _is_sequence(call: Call) -> bool:
    return call.shape is None or len(call.shape) == 3
