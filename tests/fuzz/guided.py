"""Fuzzing that looks where the code goes: what libFuzzer makes of the seeds until new lines run, given to each reader of bytes.

`pip install -e '.[fuzz]'`, then `python -m tests.fuzz.guided READER [SECONDS]` in a checkout; Bytes that break
a promise are kept as `crash-…` in the working directory; `python -m tests.fuzz.guided READER FILE` tries them again.
"""

import sys
import tempfile
from pathlib import Path

IMPORTING = 20
"""Seeds that are read first, so that all modules are imported that they need."""


def main(name: str, given: str = "60") -> None:
    """Try a reader for so many seconds, or with one file."""
    import atheris

    folder, corpus = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    with atheris.instrument_imports(include=["bnlint"]):  # what is imported in here says where it goes
        from tests.fuzz.readers import READERS

        if name not in READERS:
            sys.exit(f"one of {', '.join(READERS)}")
        reader = READERS[name]
        for number, data in enumerate(reader.seeds(folder)):
            (corpus / str(number)).write_bytes(data)
            if number < IMPORTING:
                reader.read(data, folder)
    if not given.isdigit():
        reader.read(Path(given).read_bytes(), folder)
        return
    options = [f"-max_total_time={given}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1", "-verbosity=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: reader.read(data, folder))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
