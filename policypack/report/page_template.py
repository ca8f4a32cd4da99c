"""Pages in one file, which load nothing from anywhere, made of the templates in `page`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from policypack.wording import counted, facts_of, one_line, printable, spans, waiver_text

Filters: TypeAlias = Mapping[str, Callable[..., Any]]


def render_page(template: str, page: object, filters: Filters, *, script: str | None = None) -> str:
    """A page.

    Args:
        template: the template, which extends `layout.html`.
        page: what it shows.
        filters: the filters that it uses besides those that all pages have.
        script: the script that it runs.
    """
    environment = _environment(tuple(filters.items()))
    css, source = _source(environment, "page.css"), _source(environment, script) if script else ""
    scripts = _hash(source) if script else "'none'"
    policy = f"default-src 'none'; img-src data:; style-src {_hash(css)}; script-src {scripts}"
    return environment.get_template(template).render(page=page, css=Markup(css), script=Markup(source), policy=policy)


@cache
def _environment(filters: tuple[tuple[str, Callable[..., Any]], ...]) -> Environment:
    """An environment compiles each template once."""
    environment = Environment(
        loader=PackageLoader("policypack.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters.update(
        breakable=_breakable,
        coded=_coded,
        counted=counted,
        facts=facts_of,
        waiver=waiver_text,
        prose=_prose,
        one_line=one_line,
        **dict(filters),
    )
    return environment


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _hash(source: str) -> str:
    """The source of an inline style or script in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _printable(value: Any) -> Any:
    """Every text that the template shows goes through here before it is escaped."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _coded(text: str) -> Markup:
    """A sentence of a finding, with what stands between backticks as code."""
    parts = [(is_code, escape(printable(part))) for is_code, part in spans(text)]
    return Markup("").join(Markup(f"<code>{part}</code>") if is_code else part for is_code, part in parts)


def _breakable(text: str) -> Markup:
    """A place, which a narrow screen breaks after slashes and not within a name."""
    return Markup("/<wbr>").join(escape(printable(part)) for part in text.split("/"))


def _prose(text: str) -> Markup:
    """The paragraphs and lists of a rule's docstring."""
    return Markup("").join(_block(block) for block in text.split("\n\n"))


def _block(block: str) -> Markup:
    lead, *items = f"\n{block}".split("\n- ")
    paragraph = Markup(f"<p>{_coded(one_line(lead))}</p>") if lead.strip() else Markup("")
    listed = Markup("").join(Markup(f"<li>{_coded(one_line(item))}</li>") for item in items)
    return paragraph + (Markup(f"<ul>{listed}</ul>") if items else Markup(""))
