"""The command line: words, formats, streams and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner, Result

import bnlint
from bnlint import catalogue
from bnlint.cli import group

CLEAN = "x = 1\n"
BN = "from keras import layers\nx = layers.BatchNormalization({})\n"
ERROR, WARNING, INFO = (BN.format(argument) for argument in ("epsilon=0", "momentum=0.1", "epsilon=0.5"))
SAFE = BN.format("eps=1e-3")
MENDED = BN.format("epsilon=1e-3")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test in a folder of its own, without what the environment says of colours and formats."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "BNLINT_OUTPUT_FORMAT"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str | os.PathLike[str], stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(group, [os.fspath(argument) for argument in arguments], input=stdin, prog_name="bnlint")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def write(**files: str) -> None:
    for name, text in files.items():
        Path(f"{name}.py").write_text(text)


def found(result: Result) -> list[tuple[str, str]]:
    return [(Path(entry["filename"]).name, entry["code"]) for entry in json.loads(result.stdout)]


# Commands


@pytest.mark.parametrize("arguments", [["a.py"], ["check", "a.py"], ["."], [], ["-q", "a.py"], ["check"]])
def test_check_is_the_default_command(arguments: list[str]) -> None:
    write(a=WARNING)
    result = run(*arguments, "--output-format", "json") if arguments else run("--output-format", "json")
    assert result.exit_code == 1
    assert found(result) == [("a.py", "BN403")]


def test_help_shows_options_and_commands() -> None:
    for arguments in (["--help"], ["-h"], ["check", "--help"]):
        result = run(*arguments)
        assert result.exit_code == 0
        assert "--unsafe-fixes" in result.stdout
    assert all(word in run("--help").stdout for word in ("explain", "rules", "graph", "[check] [OPTIONS] [PATHS]"))


def test_every_module_of_commands_is_the_command_of_its_name() -> None:
    modules = {path.stem.replace("_", "-") for path in (Path(bnlint.__file__).parent / "cli" / "commands").glob("[a-z]*.py")}
    assert {name: command.name for name in modules if (command := group.get_command(Context(group), name))} == {
        name: name for name in modules
    }
    assert all(f"\n  {name} " in run("--help").stdout for name in modules)


def test_version_is_that_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((Path(bnlint.__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").stdout == f"bnlint {project['version']}\n"
    assert run("-V").stdout == f"bnlint {bnlint.__version__}\n"


def test_a_mistyped_command_is_a_missing_path_with_a_hint() -> None:
    result = run("explian", "BN101")
    assert result.exit_code == 2
    assert "path does not exist: explian (did you mean `bnlint explain`?)" in result.stderr
    assert result.stdout == ""


def test_an_unknown_option_is_a_usage_error() -> None:
    result = run("--selct", "BN101")
    assert result.exit_code == 2
    assert "--select" in result.stderr


@pytest.mark.parametrize("command", ["explain", "rule"])
@pytest.mark.parametrize("word", ["BN403", "bn403", "pytorch-momentum"])
def test_explain_prints_the_page(command: str, word: str) -> None:
    result = run(command, word)
    assert result.exit_code == 0
    assert result.stdout.startswith("BN403 pytorch-momentum · warning · unsafe fix · since 0.1.0\nhttps://")
    assert result.stdout.endswith(catalogue.page("BN403").body)


def test_explain_of_the_beginning_of_codes_says_what_begins_so() -> None:
    assert run("explain", "bn40").stderr == "bnlint: `bn40` stands for several rules, BN401 to BN409: name one of them\n"
    assert "did you mean `BN410`?" in run("explain", "bn41").stderr


def test_explain_of_a_code_that_is_like_no_other_has_no_hint() -> None:
    assert run("explain", "BN999").stderr == "bnlint: unknown rule `BN999`\n"


def test_explain_of_an_unknown_rule_has_a_hint() -> None:
    result = run("explain", "pytorch-momentun")
    assert result.exit_code == 2
    assert "did you mean `pytorch-momentum`?" in result.stderr


def test_rules_lists_all_rules() -> None:
    codes = list(catalogue.rules())
    assert [line.split()[0] for line in run("rules").stdout.splitlines()] == codes
    entries = json.loads(run("rules", "--output-format", "json").stdout)
    assert [entry["code"] for entry in entries] == codes
    assert {entry["url"] for entry in entries} == {rule.url for rule in catalogue.rules().values()}
    assert next(entry for entry in entries if entry["code"] == "BN201")["options"] == {"min-batch": 32}


# Graphs

MODEL = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((8,)),
    layers.Dense(4, activation="relu", name="first"),
    layers.BatchNormalization(momentum=read()),
])
"""


def test_graph_prints_the_format_of_the_design() -> None:
    write(a=MODEL)
    result = run("graph", "a.py", "--output-format", "json")
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed["version"] == 1
    (model,) = printed["models"]
    assert model.keys() >= {"name", "path", "line", "nodes", "gaps"}
    assert model["path"] == "a.py"
    nodes = model["nodes"]
    assert all(node.keys() >= {"id", "kind", "role", "activation", "path", "line", "column", "config", "inputs"} for node in nodes)
    dense, norm = nodes[-2:]
    assert (dense["kind"], dense["role"], dense["activation"], dense["line"], dense["column"]) == ("Dense", "linear", "relu", 6, 5)
    assert (norm["kind"], norm["role"], norm["activation"], norm["inputs"]) == ("BatchNormalization", "batchnorm", None, [dense["id"]])
    assert dense["config"]["units"] == 4
    assert "momentum" not in norm["config"], "what is not known is left out"
    assert all(isinstance(node["id"], str) for node in nodes)


def test_graph_prints_text() -> None:
    write(a=MODEL)
    text = run("graph", "a.py").stdout
    assert "Dense[relu] (None, 4) <- 1  line 6" in text
    assert "BatchNormalization (None, 4) <- 2  line 7" in text


PARTLY = """\
import keras
from elsewhere import mystery
from keras import layers

model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.BatchNormalization()])

def head(x):
    return layers.BatchNormalization()(mystery(x))

class Unused:
    def rows(self):
        return [layers.BatchNormalization() for row in () if row]
"""


def test_graph_tells_what_it_does_not_see() -> None:
    write(a=PARTLY)
    text = run("graph", "--gaps", "a.py").stdout
    assert text.splitlines()[:4] == [
        "3 places build BatchNormalization",
        "     1  understood: all that feeds them and all that they feed is known",
        "     1  partly: some of that is known",
        "     1  not: no path that was followed applies them",
    ]
    assert "1 × `elsewhere.mystery` is not followed\n        a.py:8:12\n" in text
    data = json.loads(run("graph", "--gaps", "a.py", "--output-format", "json").stdout)["batchnorm"]
    assert (data["total"], data["full"], data["partly"], data["not"]) == (3, 1, 1, 1)
    assert {reason["reason"]: [place["line"] for place in reason["places"]] for reason in data["reasons"]} == {
        "`elsewhere.mystery` is not followed": [8],
        "nothing that was followed leads here": [12],
    }


def test_the_summary_tells_what_is_not_seen() -> None:
    write(a=PARTLY)
    last = "BatchNormalization: 1 of 3 places understood, 1 partly, 1 not (mostly: `elsewhere.mystery` is not followed); "
    assert run("a.py").stdout.splitlines()[-1] == last + "see `bnlint graph --gaps`."
    assert "places understood" not in run("a.py", "--quiet").stdout


def test_graph_says_what_it_could_not_read() -> None:
    write(a=MODEL, b="def broken(")
    result = run("graph", "a.py", "b.py", "c.py")
    assert result.exit_code == 2
    assert "Dense" in result.stdout
    assert "c.py" in result.stderr
    assert "b.py: this file cannot be parsed" in result.stderr


# Exit codes


@pytest.mark.parametrize(
    ("source", "arguments", "code"),
    [
        (CLEAN, [], 0),
        (ERROR, [], 1),
        (WARNING, [], 1),
        (INFO, [], 0),
        (INFO, ["--fail-on", "info"], 1),
        (WARNING, ["--fail-on", "error"], 0),
        (ERROR, ["--fail-on", "error"], 1),
        (ERROR, ["--fail-on", "never"], 0),
        (ERROR, ["--exit-zero"], 0),
        (ERROR, ["-e"], 0),
        ("def broken(", [], 1),
        ("def broken(", ["--exit-zero"], 0),
        (ERROR, ["missing.py"], 2),
        (ERROR, ["missing.py", "--exit-zero"], 2),
        (ERROR, ["--select", "BN999"], 2),
        (ERROR, ["--placement", "sideways"], 2),
        (ERROR, ["--target-keras", "4"], 2),
        (ERROR, ["--config", "no.toml"], 2),
        (ERROR, ["--output-format", "yaml"], 2),
        (ERROR, ["-o", "no/such/folder/out.txt"], 2),
        (ERROR, ["--files-from", "missing.txt"], 2),
    ],
)
def test_exit_codes(source: str, arguments: list[str], code: int) -> None:
    write(a=source)
    result = run("a.py", *arguments)
    assert result.exit_code == code, result.output
    assert bool(result.stderr) is (code == 2)


def test_a_missing_path_does_not_hide_the_others() -> None:
    write(a=ERROR)
    result = run("missing.py", "a.py", "--output-format", "json")
    assert result.exit_code == 2
    assert found(result) == [("a.py", "BN404")]
    assert result.stderr == "bnlint: path does not exist: missing.py\n"


def test_a_folder_without_files_is_a_warning() -> None:
    Path("empty").mkdir()
    result = run("empty")
    assert result.exit_code == 0
    assert result.stderr.startswith("bnlint: warning: no Python files")


def test_a_bug_of_ours_is_one_line_and_exit_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(code: str) -> object:
        def check(project: object, **options: object) -> None:
            raise RuntimeError("oops")

        return check if code == "BN404" else None

    monkeypatch.setattr(catalogue, "check", crash)
    write(a=ERROR)
    result = run("a.py", "--exit-zero")
    assert result.exit_code == 2
    assert result.stderr.startswith("bnlint: internal error: BN404 (unsafe-epsilon) on a.py: RuntimeError: oops (")
    assert result.stderr.count("\n") == 1
    assert "passed" not in result.stdout


def test_even_a_bug_in_a_reporter_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from bnlint import cli, report

    def crash(*arguments: object) -> str:
        raise RuntimeError("oops")

    monkeypatch.setattr(report, "render", crash)
    monkeypatch.setattr(sys, "argv", ["bnlint", "."])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    assert leaving.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("bnlint: internal error: running bnlint: RuntimeError: oops (")


# What is looked at


def test_summary_counts_what_was_dismissed() -> None:
    write(a=WARNING, b=CLEAN, c=CLEAN)
    assert run(".").stdout.splitlines()[-3] == "Found 0 errors, 1 warning, 0 info in 1 of 3 files (2 skipped: no BatchNormalization)."
    Path("a.py").unlink()
    assert run(".").stdout == "All checks passed!\n2 files (2 skipped: no BatchNormalization).\n"
    assert run("b.py").stdout == "All checks passed!\n"


def test_files_from_a_list(tmp_path: Path) -> None:
    write(a=WARNING, b=WARNING, c=WARNING)
    Path("list.txt").write_text("a.py\nb.py\n")
    assert [name for name, _ in found(run("--files-from", "list.txt", "--output-format", "json"))] == ["a.py", "b.py"]
    result = run("--files-from", "-", "--output-format", "json", stdin="a.py\0c.py\0")
    assert [name for name, _ in found(result)] == ["a.py", "c.py"]
    assert run("--files-from", "-", stdin="").exit_code == 0


def test_arguments_from_a_file() -> None:
    write(a=WARNING)
    Path("args.txt").write_text("--output-format\njson\na.py\n")
    assert found(run("@args.txt")) == [("a.py", "BN403")]
    assert run("@missing.txt").exit_code == 2


def test_show_files_and_settings() -> None:
    write(a=WARNING, b=CLEAN)
    Path("bnlint.toml").write_text('placement = "after"\n')
    assert run("--show-files").stdout.splitlines() == [os.path.abspath("a.py"), os.path.abspath("b.py")]
    assert 'placement = "after"\n' in run("--show-settings").stdout
    assert 'placement = "before"\n' in run("--show-settings", "--isolated").stdout


def test_excludes_hold_for_named_files_only_if_forced() -> None:
    write(a=WARNING)
    assert run("a.py", "--exclude", "a.py").exit_code == 1
    assert run("a.py", "--exclude", "a.py", "--force-exclude").exit_code == 0
    assert run(".", "--extend-exclude", "a.py").exit_code == 0


@pytest.mark.parametrize(
    "select", [["--select", "BN403,BN404"], ["--select", "BN403", "--select", "BN404"], ["--select", "pytorch-momentum,BN40"]]
)
def test_lists_are_given_with_commas_or_repeated(select: list[str]) -> None:
    write(a=ERROR, b=WARNING)
    assert [code for _, code in found(run(".", *select, "--output-format", "json"))] == ["BN404", "BN403"]


def test_the_command_line_wins_over_the_settings_file() -> None:
    write(a=WARNING)
    Path("bnlint.toml").write_text('ignore = ["BN403"]\noutput-format = "concise"\n')
    assert run("a.py").exit_code == 0
    assert run("a.py", "--select", "BN403").stdout.startswith("a.py:2:5: BN403 ")
    assert found(run("a.py", "--select", "BN403", "--output-format", "json")) == [("a.py", "BN403")]
    assert run("a.py", "--isolated").exit_code == 1
    assert run("a.py", "--config", "ignore = []").exit_code == 1


# The standard input


def test_a_notebook_at_the_standard_input_is_known_by_what_it_holds() -> None:
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": WARNING.splitlines(keepends=True)}
    notebook = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert " --> <stdin>.ipynb:cell 1:2:5\n" in run("-", stdin=notebook).stdout
    assert run("-", stdin='{"cells": "of a dict"}\n').stdout == "All checks passed!\n"


def test_the_standard_input() -> None:
    result = run("-", stdin=WARNING)
    assert result.exit_code == 1
    assert " --> <stdin>:2:5\n" in result.stdout
    named = run("-", "--stdin-filename", "sub/model.py", "--output-format", "concise", stdin=WARNING)
    assert named.stdout.startswith("sub/model.py:2:5: BN403 ")
    assert run("-", stdin=b"\xff\xfe").exit_code == 1
    assert run("-", stdin="").exit_code == 0
    assert run("-", "a.py", stdin="").exit_code == 2


def test_an_excluded_standard_input_is_left_alone() -> None:
    arguments = ("-", "--stdin-filename", "a.py", "--force-exclude", "--exclude", "a.py")
    assert run(*arguments, stdin=ERROR).exit_code == 0
    assert run(*arguments, "--fix", stdin=SAFE).stdout == SAFE


def test_fixing_the_standard_input_prints_the_source() -> None:
    result = run("-", "--fix", stdin=SAFE + "y = layers.BatchNormalization(momentum=0.1)\n")
    assert result.stdout == MENDED + "y = layers.BatchNormalization(momentum=0.1)\n"
    assert "BN403" in result.stderr
    assert result.exit_code == 1
    assert run("-", "--fix", stdin=CLEAN).stdout == CLEAN


# Fixing


def test_fix_writes_and_reports_what_remains() -> None:
    write(a=SAFE, b=WARNING)
    result = run("--fix", "--show-fixes", "--output-format", "concise", ".")
    assert Path("a.py").read_text() == MENDED
    assert Path("b.py").read_text() == WARNING
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("b.py:2:5: BN403 ")
    assert lines[1:] == [
        "Fixed 1 error, 0 warnings, 0 info:",
        "- a.py:",
        "    1 × BN408 (unknown-argument)",
        "",
        "Found 1 error, 1 warning, 0 info (1 fixed, 1 remaining) in 2 of 2 files.",
        "1 unsafe fix available with `--fix --unsafe-fixes`.",
        "BatchNormalization: 0 of 2 places understood, 0 partly, 2 not (mostly: it is built, but not seen to be applied); "
        "see `bnlint graph --gaps`.",
    ]


def test_unsafe_fixes() -> None:
    write(a=WARNING)
    assert "[*]" not in run("a.py", "--output-format", "concise").stdout
    assert "BN403 [*]" in run("a.py", "--unsafe-fixes", "--output-format", "concise").stdout
    assert run("a.py", "--fix", "--unsafe-fixes").exit_code == 0
    assert Path("a.py").read_text() == WARNING.replace("0.1", "0.9")


def test_exit_non_zero_on_fix() -> None:
    write(a=SAFE)
    assert run("a.py", "--fix", "--exit-non-zero-on-fix").exit_code == 1
    assert run("a.py", "--fix", "--exit-non-zero-on-fix").exit_code == 0


def test_fix_only_does_not_report_what_remains() -> None:
    write(a=SAFE, b=ERROR)
    result = run("--fix-only", ".")
    assert Path("a.py").read_text() == MENDED
    assert (result.exit_code, result.stdout) == (0, "Fixed 1 error, 0 warnings, 0 info.\n")
    assert run("--fix-only", ".").stdout == "Nothing was fixed.\n"


def test_diff_shows_and_writes_nothing() -> None:
    write(a=SAFE, b=ERROR)
    result = run("--diff", ".")
    assert result.exit_code == 1
    assert Path("a.py").read_text() == SAFE
    assert result.stdout == (
        "--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n"
        " from keras import layers\n-x = layers.BatchNormalization(eps=1e-3)\n+x = layers.BatchNormalization(epsilon=1e-3)\n"
    )
    assert result.stderr == (
        "bnlint: Would fix 1 error, 0 warnings, 0 info.\nbnlint: 1 finding without a fix; run without `--diff` to see what was found.\n"
    )
    nothing = run("--diff", "b.py")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


def test_a_diff_of_unsafe_fixes_says_in_lines_what_they_would_change() -> None:
    write(a="from keras import layers\nx = layers.BatchNormalization(momentum=0.1)\n")
    assert run("--diff", "--unsafe-fixes", ".").stderr.splitlines() == [
        "bnlint: Unsafe fixes would change:",
        "bnlint:     1 × BN403 (pytorch-momentum): the moving statistics",
        "bnlint: Would fix 0 errors, 1 warning, 0 info.",
    ]


def test_the_diff_can_be_applied(tmp_path: Path) -> None:
    Path("a.py").write_bytes(SAFE.rstrip("\n").encode())
    diff = run("--diff", "a.py").stdout
    assert "\\ No newline at end of file" in diff
    Path("a.diff").write_text(diff)
    subprocess.run(["git", "apply", "-p0", "a.diff"], cwd=tmp_path, check=True)
    assert Path("a.py").read_text() == MENDED.rstrip("\n")


def test_the_diff_of_a_notebook_is_one_for_each_cell() -> None:
    cells = [
        {"cell_type": kind, "source": SAFE, "metadata": {}} | ({"outputs": []} if kind == "code" else {}) for kind in ("markdown", "code")
    ]
    Path("n.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert run("--diff", "n.ipynb").stdout.startswith("--- n.ipynb:cell 2\n+++ n.ipynb:cell 2\n")


# Output


def test_json_holds_edits() -> None:
    write(a=SAFE)
    (entry,) = json.loads(run("a.py", "--output-format", "json").stdout)
    assert entry["fix"]["applicability"] == "safe"
    (edit,) = entry["fix"]["edits"]
    line = SAFE.splitlines()[1]
    start, end = edit["location"]["column"] - 1, edit["end_location"]["column"] - 1
    assert line[:start] + edit["content"] + line[end:] == MENDED.splitlines()[1]
    assert entry["url"] == catalogue.rules()["BN408"].url


def test_the_format_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a=WARNING)
    monkeypatch.setenv("BNLINT_OUTPUT_FORMAT", "json")
    assert found(run("a.py")) == [("a.py", "BN403")]
    assert run("a.py", "--output-format", "concise").stdout.startswith("a.py:2:5")


def test_output_into_a_file() -> None:
    write(a=WARNING)
    result = run("a.py", "-o", "out.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "BN403" in Path("out.txt").read_text(encoding="utf-8")


def test_quiet_prints_findings_and_nothing_else() -> None:
    write(a=WARNING)
    Path("empty").mkdir()
    result = run("-q", "a.py", "empty", "--output-format", "concise")
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    assert run("-q", "empty").stdout == ""


@pytest.mark.parametrize(
    ("environment", "arguments", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "0"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
    ],
)
def test_colours(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], coloured: bool) -> None:
    write(a=WARNING)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(group, ["a.py", *arguments], color=True)
    assert ("\x1b[" in result.stdout) is coloured


def test_output_is_the_same_bytes_whatever_the_locale_and_hash_seed(tmp_path: Path) -> None:
    write(a=ERROR + WARNING, b=INFO, c=BN.format("name='é漢'") + "y = layers.BatchNormalization(0.8)\n")
    outputs = set()
    for seed, language in (("1", "C"), ("2", "C.UTF-8"), ("3", "POSIX")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": language, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
        environment["PYTHONPATH"] = str(Path(bnlint.__file__).parent.parent)
        command = [sys.executable, "-m", "bnlint", "--isolated", "."]
        outputs.add(subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False).stdout)
    assert len(outputs) == 1
    assert "BN405" in outputs.pop().decode()


def test_names_of_files_forge_no_output() -> None:
    name = "a\n::error::x\x1b[2J.py"
    Path(name).write_text(WARNING)
    Path("b\n::error::y.py").write_text("def broken(")
    for arguments in (["."], [".", "--output-format", "concise"], [name, "missing\n::error::z.py"]):
        result = run(*arguments)
        assert "\x1b" not in result.output
        assert not any(line.startswith("::error") for line in result.output.splitlines())
