"""`call` takes training mode for its default."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import kinds, mode_dependent
from bnlint.checks.purposes import ON_PURPOSE, words
from bnlint.findings import Fix, Hit, Safety, SetParameter
from bnlint.graph.model import Project


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            parameter = method.parameter("training") if method is not None else None
            if method is None or parameter is None or parameter.default is not True or words(cls.name) & ON_PURPOSE:
                continue
            layers = mode_dependent(project, cls)
            own = cls.base in ("BatchNormalization", "SyncBatchNormalization")
            if not own and (not layers or cls.base not in ("Model", "Layer")):
                continue
            at = method.origin.span
            default = "False" if parameter.annotation == "bool" else "None"  # a bare call takes either to be inference
            fix = None if at is None else Fix(Safety.UNSAFE, (SetParameter(at, "training", default),))
            named = "BatchNormalization" if own else kinds(layers)
            yield Hit("default", method.origin, values={"cls": cls.name, "layers": named, "default": default}, fix=fix)
