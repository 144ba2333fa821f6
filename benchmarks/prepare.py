"""Fetches what is compared: packages from PyPI to lint, and the other linters. `python -m benchmarks.run` measures then.

`python -m benchmarks.prepare` in a checkout; again, it fetches what is missing still. With everything it takes some 3 GB.
"""

import argparse
from pathlib import Path

from benchmarks import corpora, tools


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare", description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=corpora.FOLDER, help="where to (%(default)s)")
    parser.add_argument("--corpora", nargs="*", choices=corpora.known(), default=corpora.known(), metavar="NAME", help="%(choices)s")
    parser.add_argument("--peers", nargs="*", choices=tools.peers(), default=list(tools.peers()), metavar="NAME", help="%(choices)s")
    given = parser.parse_args()
    corpora.prepare(given.folder, given.corpora)
    tools.install(given.folder, given.peers)
    for name in given.corpora:
        files = given.folder / "corpora" / name
        print(f"{name}: {corpora.describe(files) if files.is_dir() else 'is missing'}")


if __name__ == "__main__":
    main()
