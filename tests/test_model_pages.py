"""Every model that a rule page shows is built with real Keras, and linted. CONTRIBUTING.md says how such an example is written."""

import pytest

from bnlint import catalogue
from tests.proofs.conftest import Run, run
from tests.saved_models import lint, save
from tests.test_pages import ModelExample, models

pytestmark = pytest.mark.keras

__all__ = ["run"]

SUFFIXES = (".keras", ".h5")


def everything(*sections: str) -> list[tuple[ModelExample, str]]:
    """Every example with the suffix of the files that it is saved as; none for the folder that it is exported to."""
    found = [each for code in catalogue.rules() for section in sections for each in models(code, section)]
    return [(each, suffix) for each in found for suffix in (("",) if each.exported else SUFFIXES)]


def found(run: Run, each: ModelExample, suffix: str) -> list[str]:
    major = int(each.settings["target_keras"][0])
    findings = lint(save(run, major, each.source, suffix), [each.code], **each.settings)
    return sorted(finding.layer or "" for finding in findings)


@pytest.mark.parametrize(("each", "suffix"), everything("Bad"), ids=str)
def test_a_bad_model_has_the_finding_at_the_layers_that_are_named(run: Run, each: ModelExample, suffix: str) -> None:
    assert each.layers, "a Bad model ends with `# BN…` for the model, or `# BN…: layer, layer`"
    assert found(run, each, suffix) == list(each.layers)


@pytest.mark.parametrize(("each", "suffix"), everything("Fixed", "Not flagged"), ids=str)
def test_fixed_and_not_flagged_models_are_silent(run: Run, each: ModelExample, suffix: str) -> None:
    assert not each.layers
    assert found(run, each, suffix) == []
