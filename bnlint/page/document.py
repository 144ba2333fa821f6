"""The page itself: the data beside the scripts that show it, and what there is to see without them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any

from bnlint.page import Page, assets, picture
from bnlint.page.contents import SHOWN, Data, contents, counts
from bnlint.page.policy import policy

PICTURED = 2_000
"""Nodes that are drawn at most for readers without scripts."""


def render(page: Page) -> str:
    """The whole page."""
    data = contents(page)
    scripts, style = assets.scripts(), assets.style()
    return Template(assets.read("page.html")).substitute(
        policy=policy(scripts, style),
        title=escape(_title(data)),
        style=style,
        data=embedded(data),
        static=_static(page, data),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def embedded(data: object) -> str:
    """JSON that can stand in a script element: ASCII, and without a character that markup is made of."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _title(data: Data) -> str:
    models = data["models"]
    if len(models) == 1:
        return f"{models[0]['name']} · bnlint"
    return f"{len(models)} models · bnlint"


# What there is to see without scripts


def _static(page: Page, data: Data) -> str:
    graphs = [graph for graph in page.models if graph.calls]
    room, parts = PICTURED, [_findings(page, data)]
    for graph, model in zip(graphs, data["models"], strict=True):
        parts.append(f"<h2>{escape(model['name'])} <small>{escape(model['path'])}</small></h2>")
        parts.append(_table(model, data["findings"]))
        room -= len(model["nodes"])
        parts.append(picture.inline(graph, page.findings) if room >= 0 else "<p>Its graph is drawn by a script.</p>")
    return "\n".join(parts)


def _findings(page: Page, data: Data) -> str:
    said = ", ".join(f"{number} {severity}" for severity, number in counts(page.findings))
    items = "".join(
        f"<li><b>{escape(each['severity'])} {escape(each['code'])}</b> {escape(each['message'])} <i>{escape(_where(each))}</i>"
        f"{' – ' + escape(each['help']) if each['help'] else ''}</li>"
        for each in data["findings"]
    )
    return f"<p>This page shows more with scripts turned on.</p><h2>Findings: {said}</h2><ul>{items}</ul>"


def _where(finding: Data) -> str:
    place = finding["place"]["text"] if finding["place"] else finding["path"]
    return f"{place} {finding['layer']}".strip()


SETTINGS = ("momentum", "epsilon", "axis")
COLUMNS = ("layer", "path", "channels", *SETTINGS, "trainable", *SHOWN, "findings")


def _table(model: Data, findings: Sequence[Data]) -> str:
    if not model["norms"]:
        return "<p>No BatchNormalization.</p>"
    head = "".join(f'<th scope="col">{column.replace("_", " ")}</th>' for column in COLUMNS)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _row(norm, model, findings))}</tr>" for norm in model["norms"])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(norm: Data, model: Data, findings: Sequence[Data]) -> list[str]:
    numbers = dict.fromkeys(number for node in norm["nodes"] for number in model["nodes"][node]["findings"])
    settings = [norm["config"].get(key, "") for key in SETTINGS]
    statistics = [_range(norm["weights"].get(key)) for key in SHOWN]
    known = "" if norm["channels"] is None else str(norm["channels"])
    codes = " ".join(dict.fromkeys(findings[number]["code"] for number in numbers))
    return [norm["name"], norm["where"], known, *settings, norm["trainable"], *statistics, codes]


def _range(weights: dict[str, Any] | None) -> str:
    if weights is None:
        return ""
    if weights["min"] is None:
        return "no finite value"
    bad = f", {weights['nonfinite']} not finite" if weights["nonfinite"] else ""
    return f"{weights['min']:.3g} … {weights['max']:.3g}{bad}"
