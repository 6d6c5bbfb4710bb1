"""tools/tidy on small trees: each rule finds what breaks it, and leaves alone what does not."""

import pathlib
import subprocess

import pytest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tidy"


class Tree:
    """A project of a few files on which tools/tidy runs."""

    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        folder = file.parent
        if path.startswith("src/") and file.suffix in (".h", ".cpp"):
            (folder / "README.md").write_text("What this folder is for.\n")
            with open(folder / "CMakeLists.txt", "a", encoding="ascii") as listing:
                listing.write(f"{file.name}\n")

    def run(self, *options):
        return subprocess.run([TIDY, "--root", self.root, *options], text=True,
                              capture_output=True, check=False)

    def broken_rules(self, *options):
        """The places that are reported, as 'path:line rule'."""
        result = self.run(*options)
        assert result.stderr == ""
        rows = [line.split(":")[:3] for line in result.stdout.splitlines()]
        assert result.returncode == (1 if rows else 0)
        return [f"{path}:{line}{rule}" for path, line, rule in rows]


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tools").mkdir()
    return Tree(tmp_path)


def lines(count, line="  call();"):
    return "\n".join([line] * count)


def test_a_tree_that_keeps_the_rules_is_silent(tree):
    tree.write("src/os/clock.h", "// Time.\n#pragma once\n#include <unistd.h>\n")
    tree.write("src/net/listener.cpp", '// Listens.\n#include "os/clock.h"\n')
    tree.write("python/headrace/__init__.py", "")
    assert tree.broken_rules() == []


@pytest.mark.parametrize("count, expected", [(600, []), (601, ["src/os/a.cpp:601 file_lines"])])
def test_a_file_has_at_most_600_lines(tree, count, expected):
    tree.write("src/os/a.cpp", "// Idea.\n" + "\n" * (count - 1))
    assert tree.broken_rules() == expected


@pytest.mark.parametrize("count, expected", [(70, []), (71, ["src/os/a.cpp:6 function_lines"])])
@pytest.mark.parametrize("head", [
    "void call() {",
    "Session::Session(int a, std::string b) : a_(a), b_(std::move(b)) {",
    "template <class T> auto get(T x) -> decltype(x) {",
    "static struct stat status_of(int fd) noexcept {",
    "TEST(Loop, Wakes) {",
])
def test_a_function_has_at_most_70_lines(tree, head, count, expected):
    tree.write("src/os/a.cpp", "// Idea.\nnamespace headrace::os {\n\n\n// What it does: {\n"
               f"{head}\n{lines(count - 2)}\n}}\n}}\n")
    assert tree.broken_rules() == expected


@pytest.mark.parametrize("head", [
    "namespace headrace::os {", "class Loop final : public Runs<decltype(f())> {",
    "constexpr Row kRows[] = {", "const auto table = make({", 'extern "C" {',
    "void f();\nenum class Color : int {",
])
def test_a_long_scope_or_table_is_no_function(tree, head):
    tree.write("src/os/a.cpp", f"// Idea.\n{head}\n{lines(100, 'x,')}\n}};\n")
    assert tree.broken_rules() == []


@pytest.mark.parametrize("line", ['const char* a = "{";', "char a = '{';", "// {", "/* { */",
                                  'auto a = R"x({{"{)x";', "#define OPEN {", "int a = 1'000;"])
def test_a_brace_that_is_text_opens_nothing(tree, line):
    tree.write("src/os/a.cpp", f"// Idea.\nvoid f() {{\n{line}\n}}\n{lines(100, 'int a;')}\n")
    assert tree.broken_rules() == []


def test_a_python_function_has_at_most_70_lines(tree):
    tree.write("tests/e2e/test_a.py", f'"""Idea."""\n\n\ndef long():\n{lines(70, "    pass")}\n')
    assert tree.broken_rules() == ["tests/e2e/test_a.py:4 function_lines"]


def test_lines_have_at_most_100_characters_in_tests_too(tree):
    tree.write("tests/wire/test_a.py", f'"""Idea."""\n{"é" * 100}=1\n\n{"é" * 100}\n')
    assert tree.broken_rules() == ["tests/wire/test_a.py:2 line_length"]


def test_a_file_opens_with_its_idea_and_a_header_has_pragma_once(tree):
    tree.write("src/os/a.h", "#include <vector>\n")
    tree.write("tools/run", "#!/usr/bin/env bash\nset -e\n")
    assert tree.broken_rules() == ["src/os/a.h:1 first_line", "src/os/a.h:1 pragma_once",
                                   "tools/run:1 first_line"]


@pytest.mark.parametrize("line", ["class LoopManager {", "struct RequestInfo final {",
                                  "enum class Data : int {", "using Helper = int;",
                                  "template <class T> class SlotImpl {"])
def test_names_that_say_nothing_are_banned(tree, line):
    tree.write("src/os/a.cpp", f"// Idea.\n{line}\n}};\n")
    assert tree.broken_rules() == ["src/os/a.cpp:2 name"]


@pytest.mark.parametrize("line", ["struct sockaddr_data;", "struct Metadata {", "int info;",
                                  "class Database {", "struct stat status;"])
def test_names_of_others_and_longer_words_are_free(tree, line):
    tree.write("src/os/a.cpp", f"// Idea.\n{line}\n}};\n")
    assert tree.broken_rules() == []


def test_file_names_that_say_nothing_are_banned(tree):
    tree.write("src/os/string_utils.cpp", "// Idea.\n")
    assert tree.broken_rules() == ["src/os/string_utils.cpp:1 name"]


def test_includes_point_one_way(tree):
    tree.write("src/os/a.cpp", '// Idea.\n#include "base/a.h"\n#include "http/a.h"\n')
    tree.write("src/worker/a.cpp", '// Idea.\n#include "channel/a.h"\n#include "edge/a.h"\n')
    assert tree.broken_rules() == ["src/os/a.cpp:3 direction", "src/worker/a.cpp:3 direction"]


def test_a_new_folder_must_be_in_the_table(tree):
    tree.write("src/stray/a.cpp", "// Idea.\n")
    assert tree.broken_rules() == ["src/stray/a.cpp:1 folder"]


def test_system_calls_are_in_os_and_in_tests(tree):
    text = "// Idea.\n#include <sys/epoll.h>\n#include <arpa/inet.h>\n#pragma once\n"
    for path in ("src/os/a.cpp", "src/net/a_test.cpp", "src/net/a_testing.h", "src/net/a.cpp"):
        tree.write(path, text)
    assert tree.broken_rules() == ["src/net/a.cpp:2 system_call"]


@pytest.mark.parametrize("mark, expected", [
    ("TODO(perf): batch the writes", []), ("TODO: later", ["src/os/a.cpp:2 todo"]),
    ("TODO(me): later", ["src/os/a.cpp:2 todo"]), ("FIXME", ["src/os/a.cpp:2 todo"]),
])
def test_a_todo_names_its_kind(tree, mark, expected):
    tree.write("src/os/a.cpp", f"// Idea.\n// {mark}\n")
    assert tree.broken_rules() == expected


def test_a_folder_has_a_short_readme_and_lists_its_files(tree):
    tree.write("src/os/a.cpp", "// Idea.\n")
    (tree.root / "src/os/README.md").write_text(lines(21))
    (tree.root / "src/os/CMakeLists.txt").write_text("data.cpp\n")
    assert tree.broken_rules() == ["src/os/README.md:1 readme", "src/os/a.cpp:1 not_built"]


def test_pages_name_files_that_exist(tree):
    tree.write("src/os/a.cpp", "// Idea.\n")
    tree.write("docs/a.md", "`src/os/a.cpp` [a](../src/os/a.cpp#L1) `src/os/NAME.h`\n"
               "`src/os/b.cpp` [b](b.md) [c](https://a.b/c)\n")
    assert tree.broken_rules() == ["docs/a.md:2 document"] * 2


def test_a_header_compiles_alone(tree):
    tree.write("src/os/whole.h", "// Idea.\n#pragma once\n#include <string>\nstd::string f();\n")
    tree.write("src/os/leaning.h", "// Idea.\n#pragma once\nstd::string f();\n")
    for _ in "first", "remembered":
        assert tree.broken_rules("--headers") == ["src/os/leaning.h:1 alone"]
    tree.write("src/os/whole.h", "// Idea.\n#pragma once\nBroken f();\n")
    assert "src/os/whole.h:1 alone" in tree.broken_rules("--headers")


def test_a_header_that_its_source_includes_first_is_left_to_the_build(tree):
    for name in "built", "late":
        tree.write(f"src/os/{name}.h", "// Idea.\n#pragma once\nstd::string f();\n")
    tree.write("src/os/built.cpp", '// Idea.\n#include "os/built.h"\n\n#include <string>\n')
    tree.write("src/os/late.cpp", '// Idea.\n#include <string>\n\n#include "os/late.h"\n')
    assert tree.broken_rules("--headers") == ["src/os/late.h:1 alone"]


class TestRatchet:
    """Exceptions are listed with their amount, which may fall but never grow."""

    @pytest.fixture
    def ratchet(self, tree):
        tree.write("src/os/a.cpp", f"// Idea.\n{lines(3, 'x' * 101)}\n")
        return tree.root / "tools" / "tidy_ratchet.txt"

    def test_a_listed_exception_passes(self, tree, ratchet):
        ratchet.write_text("# Exceptions\nline_length src/os/a.cpp 3\n")
        assert tree.broken_rules() == []

    def test_growth_fails(self, tree, ratchet):
        ratchet.write_text("line_length src/os/a.cpp 2\n")
        assert len(tree.broken_rules()) == 3

    def test_an_amount_that_is_too_high_fails_until_it_is_lowered(self, tree, ratchet):
        ratchet.write_text("# Exceptions\nfile_lines src/gone.cpp 700\n"
                           "line_length src/os/a.cpp 9\n")
        assert "tools/tidy --update" in tree.run().stdout
        assert tree.broken_rules("--update") == []
        assert ratchet.read_text() == "# Exceptions\nline_length src/os/a.cpp 3\n"

    def test_update_never_adds_or_raises(self, tree, ratchet):
        ratchet.write_text("line_length src/os/a.cpp 2\n")
        tree.write("src/os/b.cpp", "#pragma once\n")
        assert tree.run("--update").returncode == 1
        assert ratchet.read_text() == "line_length src/os/a.cpp 2\n"
