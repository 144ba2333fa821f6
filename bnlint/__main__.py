"""`python -m bnlint`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working directory: what lies there is looked at, and not imported

    from bnlint.cli import main

    main()
