"""Python source to graphs: a small symbolic executor of model-building code. Nothing of the user's is run or imported."""

from bnlint.source.analysis import Analysis, analyse

__all__ = ["Analysis", "analyse"]
