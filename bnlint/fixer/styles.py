"""How a file spells Keras: what to write for an activation so that it looks like the code around it."""

from __future__ import annotations

import ast
import builtins
import re
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from bnlint.fixer import Refused, flow, tree
from bnlint.fixer.locate import SCOPES, Part, Place, Source
from bnlint.records import dataclass, replace

ACTIVATION_LAYERS: Final = frozenset(("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"))
"""Layers that some code passes as `activation=`: they are applied as they are."""

TF_NN: Final = frozenset(("elu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh"))
"""Functions of tf.nn that do what the Keras activation of the same name does."""

_KERAS: Final = re.compile(r"(?:.*\.)?(?:tf_)?keras(?:_core)?(?:\..*)?").fullmatch
_LAYERS_ALIASES: Final = frozenset(("layers", "L", "KL", "kl", "tfkl", "tfl"))


@dataclass(frozen=True, slots=True)
class Bound:
    """An import statement, the scope in which it stands, the entry of it that binds a name, and the full name of what is bound."""

    part: Part
    scope: ast.AST
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    dotted: str


@dataclass(frozen=True, slots=True)
class Spelling:
    """How to write a name, and the import statements that must be given it first."""

    code: str
    imports: tuple[Bound, ...] = ()


@lru_cache(maxsize=4)
def imports(source: Source) -> dict[str, list[Bound]]:
    """What the import statements bind, by local name."""
    found: dict[str, list[Bound]] = {}
    for part in source.parts.values():
        for scope, node in _scoped(part.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    module = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
                    plain = isinstance(node, ast.ImportFrom) or alias.asname
                    name, dotted = (alias.asname or alias.name, module + alias.name) if plain else (alias.name.partition(".")[0],) * 2
                    found.setdefault(name, []).append(Bound(part, scope, node, alias, dotted))
    return found


def _scoped(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    """All nodes, outer ones first, each with the module, class or function around it."""
    queue: deque[tuple[ast.AST, ast.AST]] = deque([(tree, tree)])
    while queue:
        scope, node = queue.popleft()
        yield scope, node
        inner = node if isinstance(node, SCOPES) else scope
        queue.extend((inner, child) for child in ast.iter_child_nodes(node))


def _known(source: Source, at: Place) -> dict[str, list[Bound]]:
    """What the imports bind that can be seen from a place, by local name."""
    seen = {
        name: [bound for bound in entries if isinstance(bound.scope, ast.Module) or any(node is bound.scope for node in at.path)]
        for name, entries in imports(source).items()
    }
    return {name: entries for name, entries in seen.items() if entries}


@lru_cache(maxsize=4)
def _aliases(source: Source) -> dict[str, ast.expr]:
    """Names that a plain statement of a module gives to something dotted: `layers = keras.layers`."""
    return {
        target.id: statement.value
        for part in source.parts.values()
        for statement in part.tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Attribute)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def dotted(source: Source, node: ast.expr) -> str | None:
    """The full name of what an expression such as `tf.keras.layers` means; None if it is not an imported name."""
    names: list[str] = []
    aliases = dict(_aliases(source))
    for _ in range(20):
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        found = imports(source).get(node.id)
        if found:
            return ".".join((found[0].dotted, *reversed(names)))
        if node.id not in aliases:
            return None
        node = aliases.pop(node.id)
    return None


def layer(source: Source, name: str, like: tuple[ast.AST, ...], at: Place) -> Spelling:
    """How to write a Keras layer class at a place, as the classes `like` are written, or else as the imports allow."""
    known = _known(source, at)
    for bound in known.get(name, ()):
        if _KERAS(bound.dotted) and bound.dotted.endswith(f".{name}"):
            return Spelling(name)
    own = _own(source)
    for node in like:
        if isinstance(node, ast.Attribute):
            prefix = ast.unparse(node.value)
            module = dotted(source, node.value)
            if module is None and prefix.rpartition(".")[2] in _LAYERS_ALIASES:
                return Spelling(f"{prefix}.{name}")
            if module and _KERAS(module) and module.endswith(".layers"):
                return Spelling(f"{prefix}.{name}")
        elif isinstance(node, ast.Name) and name not in own:
            found = [bound for bound in known.get(node.id, ()) if _from_layers(bound)]
            if found:
                return Spelling(name, tuple(map(_first, found)))
            if node.id not in own and not hasattr(builtins, node.id):  # a star import, or a fragment
                _starred(source, name, known.get("*", []))
                return Spelling(name)
    for local, entries in known.items():
        for suffix, path in (("layers", ""), ("keras", "layers."), ("tensorflow", "keras.layers.")):
            if re.search(rf"(^|\.){suffix}$", entries[0].dotted) and (suffix != "layers" or _KERAS(entries[0].dotted)):
                return Spelling(f"{local}.{path}{name}")
    found = [bound for entries in known.values() for bound in entries if _from_layers(bound)]
    if found and name not in own:
        return Spelling(name, (_first(found[0]),))
    raise Refused(f"the file does not import Keras's layers in a way that lets `{name}` be added")


def _first(bound: Bound) -> Bound:
    """The first statement of the same block that imports from the same module: all fixes of a round then give the name to that one."""
    wanted, block = bound.statement, getattr(bound.scope, "body", [])
    if not isinstance(wanted, ast.ImportFrom) or wanted not in block:
        return bound
    same = (s for s in block if isinstance(s, ast.ImportFrom) and (s.module, s.level) == (wanted.module, wanted.level))
    return replace(bound, statement=next(s for s in same if s is wanted or s.names[0].name != "*"))


def _starred(source: Source, name: str, stars: list[Bound]) -> None:
    """Refuse a name that star imports of other modules than Keras's may not bring, as far as the file shows."""
    used = any(name in flow.names(part.tree) for part in source.parts.values())
    if stars and not used and not any(_from_layers(bound) for bound in stars):
        raise Refused(f"nothing shows that the star import of this file brings `{name}`")


@lru_cache(maxsize=4)
def _own(source: Source) -> set[str]:
    """All names that the file binds somewhere."""
    return set[str]().union(*(flow.bound(part.tree) for part in source.parts.values()))


def _from_layers(bound: Bound) -> bool:
    module = bound.statement.module if isinstance(bound.statement, ast.ImportFrom) else None
    return bool(module and _KERAS(module) and module.endswith("layers"))


def function(source: Source, code: str, at: Place) -> Spelling:
    """The source of a function that does what `activation=code` does, at a place."""
    node = tree.expression(code)
    if isinstance(node, ast.Lambda):
        return Spelling(f"({code})")
    if isinstance(node, ast.Attribute) and dotted(source, node):
        return Spelling(code)
    if isinstance(node, ast.Name):
        functions = (item.name for item in source.walk() if isinstance(item, ast.FunctionDef))
        if node.id in _known(source, at) or node.id in functions:
            return Spelling(code)
        raise Refused(f"it cannot be told whether `{code}` is a function or a name of one")
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()):
        raise Refused("its activation is a layer: build it in `__init__` and apply it behind the BatchNormalization")
    known = _known(source, at)
    for matches, spelled in _FUNCTIONS:
        for local, entries in known.items():
            if matches(entries[0].dotted, node.value):
                return Spelling(spelled.format(local, node.value))
    beside = [bound for bound in known.get("layers", ()) if isinstance(bound.statement, ast.ImportFrom) and _KERAS(bound.dotted)]
    if beside and "activations" not in _own(source):  # from keras import layers
        return Spelling(f"activations.{node.value}", tuple(beside))
    raise Refused(f"the file imports nothing that has the function `{node.value}`")


_FUNCTIONS: Final[tuple[tuple[Callable[[str, str], bool], str], ...]] = (
    (lambda module, _: bool(_KERAS(module)) and module.endswith(".activations"), "{}.{}"),
    (lambda module, name: module == "tensorflow" and name in TF_NN, "{}.nn.{}"),
    (lambda module, _: re.search(r"(^|\.)(tf_)?keras(_core)?$", module) is not None, "{}.activations.{}"),
    (lambda module, _: module == "tensorflow", "{}.keras.activations.{}"),
)


def is_layer(code: str) -> bool:
    """Whether `activation=code` is a layer object."""
    node = tree.expression(code)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    return name in ACTIVATION_LAYERS
