"""Which files are looked at."""

import os
from pathlib import Path

import pytest

from bnlint.discovery import Discovery, File, MissingPath, discover, find_cache, find_root, innermost
from bnlint.settings import Settings
from bnlint.settings_files import load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str, text: str = "") -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def run(*paths: str, **settings: object) -> Discovery:
    return discover(paths or (".",), Settings(root=os.getcwd(), **settings))  # type: ignore[arg-type]


def found(*paths: str, **settings: object) -> list[str]:
    return [file.path.replace(os.sep, "/") for file in run(*paths, **settings).files]


def test_a_walk_takes_python_and_notebooks_in_order(folder: Path) -> None:
    touch("b.py", "a/z.ipynb", "a/b/c.PY", "a.py", "a/model.h5", "a/x.pyi", "a/run.sh", "a/b.keras")
    assert found() == ["a.py", "a/b/c.PY", "a/z.ipynb", "b.py"]
    assert found("b.py", "a") == ["a/b/c.PY", "a/z.ipynb", "b.py"]


def test_named_files_are_taken_whatever_their_name_and_once(folder: Path) -> None:
    touch("train", "a/x.py")
    assert run("train", "a/x.py", "./a/../train", "a", str(folder / "a" / "x.py")).files == (
        File(str(folder / "a" / "x.py"), True),
        File("train", True),
    )
    assert run("a", "a/x.py").files == (File(os.path.join("a", "x.py"), True),)


def test_a_missing_path_is_told(folder: Path) -> None:
    with pytest.raises(MissingPath, match="path does not exist: nowhere"):
        run("nowhere")
    os.symlink("nowhere", "link.py")
    with pytest.raises(MissingPath, match="leads nowhere"):
        run("link.py")


def test_a_folder_without_files_is_a_warning(folder: Path) -> None:
    touch("a/x.txt")
    assert run("a") == Discovery((), ("no Python files or notebooks found under a",))


# Default excludes


def test_default_excludes_hold_for_what_a_walk_meets(folder: Path) -> None:
    touch("x.py", "build/x.py", "a/.venv/x.py", "a/site-packages/x.py", "my-env/pyvenv.cfg", "my-env/lib/x.py", "env/x.py")
    result = run()
    assert [file.path for file in result.files] == [os.path.join("env", "x.py"), "x.py"]
    assert result.skipped == {"excluded by default": 4}


def test_nothing_is_told_of_version_control_and_caches(folder: Path) -> None:
    touch(".git/hooks/x.py", "__pycache__/x.py", "a/.mypy_cache/x.py", "a/x.py")
    result = run()
    assert [file.path for file in result.files] == [os.path.join("a", "x.py")]
    assert result.skipped == {}


def test_default_excludes_never_hold_for_what_was_named_or_lies_under_it(folder: Path) -> None:
    touch("build/x.py", "venv/pyvenv.cfg", "venv/lib/site-packages/x.py")
    assert found("build/x.py") == ["build/x.py"]
    assert found("build") == ["build/x.py"]
    assert found("venv/lib/site-packages") == ["venv/lib/site-packages/x.py"]
    assert found("venv") == []
    assert found(str(folder / "build")) == [f"{folder}/build/x.py"]


def test_exclude_replaces_the_default_excludes_and_extend_exclude_does_not(folder: Path) -> None:
    touch("build/x.py", "a/x.py", "b/x.py")
    assert found(exclude=("a",)) == ["b/x.py", "build/x.py"]
    assert found(extend_exclude=("a",)) == ["b/x.py"]


# Settings


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("a", ["b/c.py", "d.py"]),
        ("a/", ["b/c.py", "d.py"]),
        ("/a/b", ["a/c.py", "b/c.py", "d.py"]),
        ("a/**", ["b/c.py", "d.py"]),
        ("**/c.py", ["d.py"]),
        ("c.py", ["d.py"]),
        ("*/c.py", ["a/b/c.py", "d.py"]),
        ("[cd].py", []),
    ],
)
def test_globs_are_relative_to_the_settings_file(folder: Path, glob: str, expected: list[str]) -> None:
    touch("a/b/c.py", "a/c.py", "b/c.py", "d.py")
    assert found(extend_exclude=(glob,)) == expected


def test_excludes_hold_for_named_files_only_when_forced(folder: Path) -> None:
    touch("a/x.py", "a/y.py", "build/x.py")
    assert found("a/x.py", extend_exclude=("a",)) == ["a/x.py"]
    assert found("a", extend_exclude=("a",)) == ["a/x.py", "a/y.py"]
    assert found("a", extend_exclude=("a", "y.py")) == ["a/x.py"]
    forced = run("a/x.py", "a", "build/x.py", extend_exclude=("a",), force_exclude=True)
    assert [file.path for file in forced.files] == [os.path.join("build", "x.py")]
    assert (forced.skipped, forced.warnings) == ({"excluded by the settings": 2}, ())


# .gitignore


def test_gitignore_nested_and_negated(folder: Path) -> None:
    touch("out/x.py", "gen_a.py", "a/gen_b.py", "a/keep/gen_c.py", "a/y.py", "a/deep/y.py")
    touch(".gitignore", text="# made\nout/\ngen_*.py\n")
    touch("a/.gitignore", text="/y.py\n!keep/gen_*.py\n")
    result = run()
    assert [file.path.replace(os.sep, "/") for file in result.files] == ["a/deep/y.py", "a/keep/gen_c.py"]
    assert result.skipped == {"ignored by .gitignore": 4}
    assert len(found(respect_gitignore=False)) == 6


def test_gitignore_of_folders_above_within_version_control(folder: Path) -> None:
    touch("repo/.git/info/exclude", text="secret.py\n")
    touch("repo/.gitignore", text="gen.py\n/a/b/old\n/ignored\n")
    touch(".gitignore", text="*.py\n")
    touch("repo/a/b/gen.py", "repo/a/b/x.py", "repo/a/b/secret.py", "repo/a/b/old/x.py", "repo/ignored/x.py", "repo/ignored/gen.py")
    assert found("repo/a/b") == ["repo/a/b/x.py"]
    assert found("repo/ignored") == ["repo/ignored/gen.py", "repo/ignored/x.py"]
    assert found("repo/a/b/gen.py") == ["repo/a/b/gen.py"]


def test_a_damaged_gitignore_does_no_harm(folder: Path) -> None:
    touch("x.py", "y.py")
    Path(".gitignore").write_bytes(b"\xff\xfe\n!\n[\n\\\ny.py\n")
    assert found() == ["x.py"]


# Links, and what cannot be read


def test_links_to_folders_are_not_followed_and_linked_files_come_once(folder: Path) -> None:
    touch("a/x.py", "other/y.py")
    os.symlink("..", "a/loop")
    os.symlink("x.py", "a/again.py")
    os.symlink(folder / "other" / "y.py", "a/y.py")
    os.symlink("self.py", "a/self.py")
    os.symlink("nowhere", "a/lost.py")
    result = run("a")
    assert [file.path.replace(os.sep, "/") for file in result.files] == ["a/x.py", "a/y.py"]
    assert result.skipped == {"link to a folder": 1, "broken link": 2}
    os.symlink("a", "linked")
    assert len(found("linked")) == 2


def test_unreadable_folders_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch("a/x.py", "b/x.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path == "a":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = run()
    assert [file.path for file in result.files] == [os.path.join("b", "x.py")]
    assert result.unreadable == (("a", "Permission denied"),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_walk_takes_regular_files_only(folder: Path) -> None:
    os.mkfifo("pipe.py")
    Path("folder.py").mkdir()
    assert found() == []


# The root


def test_the_root_is_that_of_settings_then_of_version_control_then_the_path(folder: Path) -> None:
    touch("repo/.git/HEAD", "repo/project/src/x.py", "loose/x.py")

    def root(path: str) -> str:
        return os.path.relpath(find_root(path, load_settings(path, ())), folder)

    assert root("repo/project/src/x.py") == "repo"
    assert root("repo/project") == "repo"
    assert root("loose/x.py") == root("loose") == "loose"
    touch("repo/project/bnlint.toml")
    assert root("repo/project/src") == os.path.join("repo", "project")
    settings = load_settings("loose", (), config="repo/project/bnlint.toml")
    assert os.path.relpath(find_root("loose", settings), folder) == "loose"


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("src/net", "src"),
        ("src/net/deep/model.py", "src"),
        ("src", "src"),
        ("src/alone", "src/alone"),
        ("src/net/plain/model.py", "src"),
        ("src/net/plain/inner", "src/net/plain/inner"),
        ("site-packages/net/deep", "site-packages/net"),
        ("site-packages/net/plain", "site-packages/net"),
    ],
)
def test_without_version_control_the_root_is_the_folder_that_holds_the_package(folder: Path, path: str, root: str) -> None:
    for place in ("src", "site-packages"):
        touch(f"{place}/net/__init__.py", f"{place}/net/deep/__init__.py", f"{place}/net/deep/model.py", f"{place}/alone/model.py")
        touch(f"{place}/net/plain/model.py", f"{place}/net/plain/inner/model.py")
    assert os.path.relpath(find_root(path, load_settings(path, ())), folder) == root


@pytest.mark.parametrize("path", ["work/src/net/model.py", "work/src", "work/net/deep", "work"])
def test_a_pyproject_marks_the_root_where_neither_settings_nor_version_control_do(folder: Path, path: str) -> None:
    """Not the one that a package carries along (a template, say): that would cut it off from itself."""
    touch("work/pyproject.toml", "work/src/net/model.py", "work/net/__init__.py", "work/net/pyproject.toml", "work/net/deep/__init__.py")
    assert os.path.relpath(find_root(path, load_settings(path, ())), folder) == "work"
    touch(".git/HEAD")
    assert os.path.relpath(find_root(path, load_settings(path, ())), folder) == "."


def test_what_is_installed_belongs_to_no_project_around_it(folder: Path) -> None:
    touch("work/pyproject.toml", "work/venv/site-packages/net/__init__.py", "work/venv/site-packages/net/deep/__init__.py")
    path = os.path.join("work", "venv", "site-packages", "net")
    for each in (path, os.path.join(path, "deep")):
        assert os.path.relpath(find_root(each, load_settings(each, ())), folder) == path
    assert find_cache(path, load_settings(path, ())) is None


def test_a_walk_follows_no_link_out_of_the_project(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A report shows the lines that it speaks of; a file that is named is read all the same."""
    secret = tmp_path_factory.mktemp("home") / "secret"
    secret.write_text("password = 1\n")
    touch("repo/.git/HEAD", "repo/src/x.py", "repo/shared/y.py")
    os.symlink(secret, "repo/src/leak.py")
    os.symlink("../shared/y.py", "repo/src/y.py")
    found = discover(["repo/src"], load_settings("repo", ()))
    assert [file.path for file in found.files] == ["repo/src/x.py", "repo/src/y.py"]
    assert found.skipped == {"link that leads out of the project": 1}
    assert [file.path for file in discover(["repo/src/leak.py"], load_settings("repo", ())).files] == ["repo/src/leak.py"]


@pytest.mark.parametrize(
    ("path", "named", "expected"),
    [
        ("a/b.py", ["a"], "a"),
        ("a/b.py", ["a", "a/b.py"], "a/b.py"),
        ("ab.py", ["a"], "ab.py"),
        ("a/b.py", ["."], "."),
        ("a/b.py", [".", "a"], "a"),
        ("../a/b.py", [".", ".."], ".."),
        ("../a/b.py", ["."], "../a/b.py"),
        ("/a/b.py", ["."], "/a/b.py"),
    ],
)
def test_the_path_that_leads_to_a_file(path: str, named: list[str], expected: str) -> None:
    assert innermost(path, named) == expected
