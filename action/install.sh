#!/usr/bin/env bash
# Installs bnlint into an environment of its own, so that nothing of the job changes. Output: `python`, the interpreter that has it.
# Python runs with -I everywhere: no module of the repository that is linted may stand in for one of its own.
set -euo pipefail

fail() {
    echo "::error title=bnlint::$1"
    exit 2
}

python=''
for name in python3 python; do
    if "$name" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
[[ -n $python ]] || fail 'needs Python 3.11 or newer: put actions/setup-python before this step'

extras=${BNLINT_ACTION_EXTRAS:-}
version=${BNLINT_ACTION_VERSION:-}
[[ $extras =~ ^[A-Za-z0-9,_-]*$ ]] || fail 'the input `extras` holds names, separated by commas'
[[ $version =~ ^[A-Za-z0-9.+!-]*$ ]] || fail 'the input `version` holds one version, such as 0.1.0'
if [[ -n $version ]]; then
    wanted="bnlint${extras:+[$extras]}==$version"
else
    wanted="$GITHUB_ACTION_PATH${extras:+[$extras]}"
fi

place=$(mktemp -d "$RUNNER_TEMP/bnlint.XXXXXX")
"$python" -I -m venv "$place"
installed="$place/bin/python"
[[ -x $installed ]] || installed="$place/Scripts/python.exe" # Windows
"$installed" -I -m pip install --quiet --disable-pip-version-check "$wanted" || fail "could not install $wanted"
echo "python=$installed" >>"$GITHUB_OUTPUT"
