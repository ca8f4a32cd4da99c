"""The generated documentation is up to date, no rule is half written, and a new rule starts from a template."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest

from policypack.authoring import load_balancers
from policypack.authoring.new_rule import NewRuleError, make_rule
from policypack.authoring.pages import (
    field_markers,
    field_table,
    page,
    pages,
    rules_page,
    with_field_tables,
    write,
)
from policypack.config.kinds import options_of
from policypack.model.balancing.backend_service import BackendService
from policypack.report.formats import PRODUCTS, schema_of
from policypack.rule import AnyRule, Options, Range, Rule, cis
from policypack.rules import RULES
from tests.reference_stack import hardening
from tests.stacks import BY_NAME

ROOT = Path(__file__).parent.parent
STALE = "is not what the rules say: run `make docs`"
# What users read, and words that others spell otherwise: here each has the spelling of Google Cloud and Pulumi.
READ_BY_USERS = (
    "*.md",
    "action.yml",
    "docs/**/*",
    "policypack/**/*",
    "reference_stack/*.*",
    "reference_stack/docs/*",
)
SPELLINGS = {
    r"time-out": "timeout",
    r"start-up": "startup",
    r"roll-out": "rollout",
    r"\bset-up\b(?!-)": "setup",
    r"\be-mail": "email",
    r"\b(?:organ|recogn|author|minim|initial|normal|summar|serial)is(?:e|ing|ation)": "...ize",
    r"\b(?:behavi|col|fav|hon)our": "...or",
    r"\bcentre\b": "center",
    r"\blicence\b": "license",
}


def test_the_pages_are_up_to_date() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs/rules").iterdir()}
    wanted = pages(RULES)
    assert sorted(written) == sorted(wanted), f"docs/rules {STALE}"
    different = [name for name in wanted if written[name] != wanted[name]]
    assert different == [], f"docs/rules {STALE}"


def test_the_page_about_load_balancers_is_up_to_date() -> None:
    assert (ROOT / load_balancers.PAGE).read_text(encoding="utf-8") == load_balancers.page(), (
        f"{load_balancers.PAGE} is not what the tables say: run `make docs`"
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_is_half_written(rule: AnyRule) -> None:
    source = Path(inspect.getfile(rule.check))
    test = ROOT / "tests/rules" / f"test_{source.name}"
    for file in (source, test):
        assert file.is_file(), f"{rule.name} has no test of its own"
        left = [number for number, line in enumerate(file.read_text().splitlines(), 1) if "TODO" in line]
        assert left == [], f"{file.relative_to(ROOT)}: fill in what says TODO in these lines"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_option_is_described(rule: AnyRule) -> None:
    assert [name for name, option in options_of(rule.options).items() if not option.description] == []
    configuration = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert [name for name in options_of(Options) if f"| `{name}` |" not in configuration] == []


def test_each_word_has_one_spelling() -> None:
    files = {file for pattern in READ_BY_USERS for file in ROOT.glob(pattern)}
    texts = {
        file: file.read_text(encoding="utf-8")
        for file in files
        if file.suffix in (".md", ".py", ".html", ".json", ".yaml", ".yml")
    }
    found = [
        f"{file.relative_to(ROOT)}: {other[0]} should be {spelling}"
        for file, text in sorted(texts.items())
        for pattern, spelling in SPELLINGS.items()
        for other in re.finditer(pattern, text, re.IGNORECASE)
    ]
    assert found == []


def test_links_lead_somewhere() -> None:
    for rule in RULES:
        assert f"]({rule.name}.md)" in rules_page(RULES)
        source = page(rule).partition("| Source | [")[2].partition("]")[0]
        assert (ROOT / source).is_file()


@dataclass(frozen=True)
class ManyOptions(Options):
    """Options.

    Attributes:
        number: one of `a|b`: with a colon, and
            more on a second line
            and: this is no option, so it belongs to the number.
        names: some names.
        kind: which kind.
    """

    number: Annotated[int, Range(1, 2**31 - 1)] = 3
    names: tuple[str, ...] = ("a",)
    kind: Literal["x", "y"] = "x"
    plain: bool = True


def made_rule(options: type[Options]) -> AnyRule:
    regions = BY_NAME["llm-backend-regions"]
    return Rule(
        "many-options", "T", "low", "advisory", "resource", "https://x", BackendService, options, (cis("4.9"),), (),
        regions.sections, regions.check,
    )  # fmt: skip


def test_a_page_has_everything() -> None:
    text = page(made_rule(ManyOptions))
    for line in (
        "# many-options",
        "Each backend service has backends in at least `min_regions` regions.",
        "| Requires | T |",
        "| Severity | low |",
        "| Default level | advisory |",
        "| Area | availability |",
        "| Frameworks | CIS Google Cloud Platform Foundation Benchmark 4.0.0, 4.9 |",
        "| Reference | <https://x> |",
        "| `number` | a whole number from 1 to 2147483647 | `3` | one of `a\\|b`: with a colon, and more on a second "
        "line and: this is no option, so it belongs to the number. |",
        '| `names` | a list of strings | `["a"]` | some names. |',
        '| `kind` | `x` or `y` | `"x"` | which kind. |',
        "| `plain` | true or false | `true` |  |",
        "## What it checks",
        "## Undecided",
    ):
        assert line in text.splitlines(), line


def test_a_rule_without_options_of_its_own_says_so() -> None:
    assert "None of its own; it has the [options of every rule]" in page(made_rule(Options))


def test_writing_replaces_the_tables_and_removes_old_pages(tmp_path: Path) -> None:
    (tmp_path / "docs/rules").mkdir(parents=True)
    (tmp_path / "docs/rules/gone.md").write_text("")
    markers = [field_markers(product) for product in PRODUCTS]
    (tmp_path / "docs/formats.md").write_text("".join(f"before\n{begin}\nold\n{end}\n" for begin, end in markers))
    for _ in range(2):
        write(tmp_path, RULES[:2])
        names = sorted(file.name for file in (tmp_path / "docs/rules").iterdir())
        assert names == ["README.md", *(f"{rule.name}.md" for rule in RULES[:2])]
        assert (tmp_path / "docs/rules/README.md").read_text() == rules_page(RULES[:2])
        formats = (tmp_path / "docs/formats.md").read_text()
        assert formats == "".join(
            f"before\n{begin}\n\n{field_table(schema_of(product))}\n\n{end}\n"
            for product, (begin, end) in zip(PRODUCTS, markers, strict=True)
        )


@pytest.mark.parametrize("text", ["", "BEGIN", "ENDBEGIN", "BEGINBEGINEND", "BEGINENDEND"])
def test_a_page_without_its_markers_is_refused(text: str) -> None:
    for product in PRODUCTS:
        begin, end = field_markers(product)
        with pytest.raises(ValueError, match=r"docs/formats\.md needs"):
            with_field_tables(text.replace("BEGIN", begin).replace("END", end))


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


# New rules


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "checkout")


@pytest.fixture(scope="module")
def unchanged_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests that change nothing in it."""
    return make_checkout(tmp_path_factory.mktemp("unchanged") / "checkout")


def make_checkout(root: Path) -> Path:
    # With what is compiled already.
    shutil.copytree(ROOT / "policypack", root / "policypack")
    (root / "tests/rules").mkdir(parents=True)
    for file in ("pyproject.toml", "tests/stacks.py"):
        shutil.copy(ROOT / file, root / file)
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("stage", ["resource", "stack"])
def test_a_new_rule_can_be_imported_and_is_refused_until_it_is_written(checkout: Path, stage: str) -> None:
    made = run(checkout, "-m", "policypack", "new-rule", "llm-backend-quota", "--area", "quotas", "--stage", stage)
    assert (made.returncode, made.stderr) == (0, "")
    files = [line.removeprefix("made ") for line in made.stdout.splitlines() if line.startswith("made ")]
    assert files == [
        "policypack/rules/quotas/llm_backend_quota.py",
        "tests/rules/test_llm_backend_quota.py",
        "policypack/rules/quotas/__init__.py",
    ]
    assert all("TODO" in (checkout / file).read_text() for file in files[:2])
    program = (
        "from policypack.rules import RULES; rule = {r.name: r for r in RULES}['llm-backend-quota']; "
        "print(rule.stage, rule.area, rule.title[:4])"
    )
    assert run(checkout, "-c", program).stdout.split() == [stage, "quotas", "TODO"]
    for command in (["check"], ["format", "--check"]):
        checked = run(checkout, "-m", "ruff", *command, "--no-cache", *files)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("name", "area", "sentence"),
    [
        ("llm-backend-regions", "availability", "policypack/rules/availability/llm_backend_regions.py exists"),
        ("llm-backend-regions", "legality", "policypack/rules/availability/llm_backend_regions.py exists"),
        ("half-made", "legality", "tests/rules/test_half_made.py exists"),
        ("LLM-Quota", "legality", "is no name for a rule"),
        ("llm_quota", "legality", "is no name for a rule"),
        ("llm--quota", "legality", "is no name for a rule"),
        ("../quota", "legality", "is no name for a rule"),
        ("q" * 51, "legality", "50 characters at most"),
        ("all", "legality", "means something else"),
        ("import", "legality", "means something else"),
        ("llm-quota", "../x", "is no name for an area"),
        ("llm-quota", "class", "is no name for an area"),
    ],
)
def test_what_cannot_be_a_new_rule_is_refused(unchanged_checkout: Path, name: str, area: str, sentence: str) -> None:
    checkout = unchanged_checkout
    (checkout / "tests/rules/test_half_made.py").write_text("mine")
    before = sorted(checkout.rglob("*"))
    with pytest.raises(NewRuleError) as caught:
        make_rule(name, area, "stack", checkout)
    assert sentence in str(caught.value)
    assert sorted(checkout.rglob("*")) == before


def test_new_rules_are_for_checkouts(checkout: Path) -> None:
    shutil.rmtree(checkout / "tests")
    result = run(checkout, "-m", "policypack", "new-rule", "llm-quota", "--area", "legality")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert "run this in a checkout" in result.stderr


def test_contributors_read_of_every_view_that_rules_judge() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[A-Z].*?) \|", text, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == {rule.subject.__name__ for rule in RULES} | {"GkeBackend"}


def test_the_table_of_what_the_reference_stack_hardens_is_current() -> None:
    assert hardening.PAGE.read_text(encoding="utf-8") == hardening.page(), "run make docs"
