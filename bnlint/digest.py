"""SHA-256 without OpenSSL, which `hashlib` loads: that takes longer than many a run."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
else:
    for name in ("_sha2", "_sha256", "hashlib"):  # of Python 3.12 and later, 3.11, and where the interpreter is built without them
        try:
            sha256 = import_module(name).sha256
            break
        except ImportError:
            continue

__all__ = ["sha256"]
