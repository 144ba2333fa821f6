#!/usr/bin/env bash
# Lints. Findings become annotations, and a table in the summary of the job; with a file for it, SARIF, too.
# Outputs: `exit-code`, and `sarif`, the absolute path of that file.
# Python runs with -I everywhere: no module of the repository that is linted may stand in for one of its own.
set -euo pipefail

fail() {
    echo "::error title=bnlint::$1"
    exit 2
}

# The words of a text as a shell would read them, but that nothing is expanded; each ends with a null byte.
split='
import shlex, sys

sys.stdout.buffer.write(b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in shlex.split(sys.argv[1])))
'
words=()
read_words() { # the name of an input, its text
    local list=$RUNNER_TEMP/bnlint-words.$$
    "$BNLINT_ACTION_PYTHON" -I -c "$split" "$2" >"$list" 2>/dev/null || fail "the input \`$1\` has a quote without its partner"
    while IFS= read -r -d '' word; do
        words+=("$word")
    done <"$list"
    rm -f "$list"
}

read_words args "${BNLINT_ACTION_ARGS:-}"
if [[ -n ${BNLINT_ACTION_SARIF:-} ]]; then
    words+=(--output-format "sarif=$BNLINT_ACTION_SARIF")
fi
words+=(--)
read_words paths "${BNLINT_ACTION_PATHS:-.}"

code=0
"$BNLINT_ACTION_PYTHON" -I -m bnlint check --output-format github "${words[@]}" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [[ -n ${BNLINT_ACTION_SARIF:-} && -f $BNLINT_ACTION_SARIF ]]; then
    folder=$(cd "$(dirname "$BNLINT_ACTION_SARIF")" && pwd)
    echo "sarif=$folder/$(basename "$BNLINT_ACTION_SARIF")" >>"$GITHUB_OUTPUT"
fi
exit "$code"
