"""The page in a browser: what is drawn, what keys and clicks do, what hostile names cannot do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bnlint import api, report
from bnlint.page import Page, as_html
from tests.conftest import needs, needs_program
from tests.page import models
from tests.page.test_document import HOSTILE, hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

needs("playwright", "axe_playwright_python")

CHROMIUM = needs_program("chromium", "chromium-browser", "google-chrome")

QUIET = [
    *("no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *("disable-background-networking", "disable-component-update", "disable-sync"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=CHROMIUM, args=[f"--{option}" for option in QUIET])
        yield launched
        launched.close()


Open = Callable[..., "Tab"]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from a file; at the end there was no message, no error, no request but for the file itself."""
    messages: list[str] = []
    requests: list[str] = []
    contexts = []

    def opened(drawn: Page, **options: Any) -> Tab:
        file = tmp_path / "report.html"
        file.write_text(as_html(drawn), encoding="utf-8")
        contexts.append(browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options}))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: messages.append(message.text))
        tab.on("pageerror", lambda error: messages.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(file.as_uri())
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert messages == []
    assert set(requests) <= {(tmp_path / "report.html").as_uri()}


def small() -> Page:
    return Page([models.small()], models.SMALL_FINDINGS)


def focused(tab: Tab) -> str:
    label: str = tab.evaluate("document.activeElement.getAttribute('aria-label') || ''")
    return label


def chosen(tab: Tab) -> str:
    return tab.locator(".layer h2").inner_text().replace("\n", " ") if tab.locator(".layer h2").count() else ""


def transform(tab: Tab) -> list[float]:
    numbers: list[float] = tab.evaluate("[graph.view.x, graph.view.y, graph.view.zoom]")
    return numbers


def test_every_node_and_edge_is_drawn(open_page: Open) -> None:
    graph = models.residual()
    tab = open_page(Page([graph]))
    assert tab.locator("svg .node").count() == len(graph.calls)
    assert tab.locator("svg .edge").count() == sum(len(call.inputs) for call in graph.calls)
    assert tab.locator(".node .spark").count() == sum(bool(call.layer.weights) for call in graph.calls)
    assert tab.locator("tbody tr").count() == 53


def test_findings_colour_nodes_and_fill_cards(open_page: Open) -> None:
    tab = open_page(small())
    assert [tab.locator(f".canvas .node.{severity}").count() for severity in ("error", "warning", "info")] == [1, 1, 1]
    assert tab.locator(".card").count() == 4
    card = tab.locator(".card.error")
    assert card.locator("a").get_attribute("href") == "https://github.com/bnlint/bnlint/blob/main/rules/BN404-unsafe-epsilon.md"
    card.get_by_role("button", name="show layer").click()
    assert chosen(tab) == "BatchNormalization bn"
    assert "current" in (card.get_attribute("class") or "")


def test_a_click_on_a_batchnorm_shows_its_plots(open_page: Open) -> None:
    tab = open_page(small())
    tab.locator(".canvas .node", has_text="bn_2").click()
    assert chosen(tab) == "BatchNormalization bn_2"
    names = ["gamma", "beta", "moving mean", "moving variance", "effective scale"]
    assert tab.locator("figcaption b").all_inner_texts() == names
    assert tab.locator(".plot canvas").count() == 5
    assert all(
        box["width"] > 200 and box["height"] > 80 for box in (each.bounding_box() for each in tab.locator(".plot canvas").all()) if box
    )
    assert tab.locator("tr.chosen").inner_text().startswith("bn_2")
    tab.locator(".canvas .node", has_text="Conv2D").click()
    assert chosen(tab) == "Conv2D conv"
    assert tab.locator(".plot canvas").count() == 0


def test_damaged_channels_are_marked(open_page: Open) -> None:
    tab = open_page(small())
    tab.locator("tbody tr").first.click()
    assert tab.locator(".marked").all_inner_texts() == [
        "2 channels |γ| < 0.001: 1, 5",
        "1 channel not finite: 0 · 1 channel negative: 2 · 1 channel below ε = 0.001: 7",
        "2 channels not finite: 0, 2",
    ]
    red = "made => made.data[2].filter(value => value !== null).length"
    counts = tab.locator(".plot").evaluate_all(f"plots => plots.map(plot => ({red})(plot.made))")
    assert counts == [2, 0, 0, 3, 2]


def test_the_pointer_reads_a_channel(open_page: Open) -> None:
    tab = open_page(small())
    tab.locator("tbody tr").first.click()
    box = tab.locator(".plot .u-over").first.bounding_box()
    assert box is not None
    tab.mouse.move(box["x"] + 1, box["y"] + 20)
    readouts = tab.locator(".readout").all_inner_texts()
    assert [text.partition(":")[0] for text in readouts] == ["0"] * 5
    assert readouts[3] == "0: NaN"


def test_the_table_sorts(open_page: Open) -> None:
    tab = open_page(Page([models.residual()]))
    header = tab.get_by_role("button", name="channels")
    for order, first in (("ascending", "32"), ("descending", "2048")):
        header.click()
        assert tab.locator("th[aria-sort]:not([aria-sort=none])").get_attribute("aria-sort") == order
        cells = tab.locator("tbody tr td:nth-child(2)").all_inner_texts()
        assert cells == sorted(cells, key=int, reverse=order == "descending")
        assert cells[0] in (first, "64", "1024")


def test_wheel_drag_buttons_and_keys_move_the_view(open_page: Open) -> None:
    tab = open_page(Page([models.residual()]))
    canvas = tab.locator(".canvas")
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def moved(act: Callable[[], None]) -> list[float]:
        before = transform(tab)
        act()
        return [after - earlier for after, earlier in zip(transform(tab), before, strict=True)]

    tab.mouse.move(*middle)
    assert moved(lambda: tab.mouse.wheel(0, 200))[2] < 0
    assert moved(lambda: tab.get_by_role("button", name="Zoom in").click())[2] > 0
    assert moved(lambda: tab.get_by_role("button", name="Zoom out").click())[2] < 0

    def drag() -> None:
        tab.mouse.move(box["x"] + 8, box["y"] + 8)
        tab.mouse.down()
        tab.mouse.move(box["x"] + 58, box["y"] + 38, steps=4)
        tab.mouse.up()

    assert moved(drag)[:2] == pytest.approx([50, 30])
    assert chosen(tab) == ""
    canvas.focus()
    assert moved(lambda: tab.keyboard.press("+"))[2] > 0
    assert moved(lambda: tab.keyboard.press("-"))[2] < 0
    assert moved(lambda: tab.keyboard.press("ArrowDown"))[1] < 0
    assert moved(lambda: tab.keyboard.press("ArrowLeft"))[0] > 0
    tab.keyboard.press("0")
    _, y, zoom = transform(tab)
    height = tab.evaluate("graph.height")
    assert y >= 0
    assert y + height * zoom <= box["height"] + 1


def test_keys_walk_along_the_edges(open_page: Open) -> None:
    tab = open_page(small())
    tab.locator(".canvas").focus()
    tab.keyboard.press("Tab")
    assert focused(tab) == "InputLayer input"
    for _ in range(2):
        tab.keyboard.press("ArrowDown")
    assert focused(tab) == "BatchNormalization bn, 1 finding, worst: error"
    tab.keyboard.press("Enter")
    assert chosen(tab) == "BatchNormalization bn"
    tab.keyboard.press("End")
    assert focused(tab) == "Dense logits"
    tab.keyboard.press("ArrowUp")
    assert focused(tab) == "Flatten flatten"
    assert tab.locator(".canvas [tabindex='0']").count() == 1
    tab.keyboard.press("Escape")
    assert chosen(tab) == ""


def test_search_walks_through_its_hits(open_page: Open) -> None:
    tab = open_page(Page([models.residual()]))
    tab.keyboard.press("/")
    tab.keyboard.type("block6_2")
    assert tab.locator(".canvas .node.hit").count() == 3
    assert tab.locator(".found").inner_text() == "3"
    seen = []
    for key in ("Enter", "Enter", "Shift+Enter", "Shift+Enter", "Shift+Enter"):
        tab.keyboard.press(key)
        seen.append((chosen(tab).split()[1], tab.locator(".found").inner_text()))
    names = [f"conv4_block6_2_{part}" for part in ("conv", "bn", "relu")]
    assert seen == [(names[turn], f"{turn + 1} of 3") for turn in (0, 1, 0, 2, 1)]
    tab.keyboard.press("Control+a")
    tab.keyboard.type("maxpooling")
    assert tab.locator(".canvas .node.hit").count() == 1
    tab.keyboard.press("Escape")
    assert tab.locator(".canvas .node.hit").count() == 0


def test_what_is_chosen_is_brought_into_sight(open_page: Open) -> None:
    tab = open_page(Page([models.residual()]))
    tab.locator("tbody tr").last.click()
    node, canvas = tab.locator(".node.selected").bounding_box(), tab.locator(".canvas").bounding_box()
    assert node is not None
    assert canvas is not None
    assert canvas["y"] <= node["y"]
    assert node["y"] + node["height"] <= canvas["y"] + canvas["height"]


def large() -> Page:
    """A model of some thousand nodes."""
    graph = models.residual((3, 8, 80, 3))
    finding = models.finding("BN404", "unsafe-epsilon", models.Severity.ERROR, "x", "conv4_block40_2_bn")
    return Page([graph], [finding])


def test_repeated_blocks_of_a_large_model_are_folded(open_page: Open) -> None:
    drawn = large()
    total = len(drawn.models[0].calls)
    tab = open_page(drawn)
    pane = tab.locator(".pane")
    assert tab.locator(".canvas .node").count() < 200
    assert pane.get_attribute("data-nodes") == str(total)
    assert tab.locator(".node.block.error").count() == 1
    tab.get_by_role("button", name="show layer").click()
    assert chosen(tab) == "BatchNormalization conv4_block40_2_bn"
    assert tab.locator(".node.block.error").count() == 0
    assert tab.locator(".node.selected").count() == 1
    folded = tab.locator(".node.block").count()
    tab.locator(".handle").first.click()
    assert tab.locator(".node.block").count() == folded + 1
    tab.locator(".node.block").first.focus()
    tab.keyboard.press("Enter")
    assert tab.locator(".node.block").count() == folded
    tab.get_by_role("button", name="Unfold blocks").click()
    assert tab.locator(".canvas .node").count() == total


def test_a_model_of_a_thousand_nodes_opens_in_three_seconds(open_page: Open, record_property: Callable[[str, object], None]) -> None:
    drawn = large()
    assert len(drawn.models[0].calls) >= 950
    tab = open_page(drawn)
    opened, unfolded = 99.0, 99.0
    for _ in range(3):  # the best of three: others may be using the machine
        tab.reload()
        opened = min(opened, tab.evaluate("performance.timing.domComplete - performance.timing.navigationStart") / 1000)
        started = time.perf_counter()
        tab.get_by_role("button", name="Unfold blocks").click()
        unfolded = min(unfolded, time.perf_counter() - started)
    record_property("table", f"report of {len(drawn.models[0].calls)} nodes: opened in {opened:.2f} s, unfolded in {unfolded:.2f} s")
    assert opened < 3
    assert unfolded < 3


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["scripts", "no scripts"])
def test_hostile_names_do_not_run(open_page: Open, options: dict[str, Any]) -> None:
    tab = open_page(hostile(), **options)
    if options:
        assert tab.locator("noscript svg .node").count() == len(HOSTILE) + 1
        assert tab.locator("noscript script, noscript img, noscript a").count() == 0
        return
    for number in range(len(HOSTILE) + 1):
        tab.evaluate(f"choose(report.models[0], {number})")
        assert tab.evaluate("window.broken") is None
    tab.keyboard.press("/")
    tab.keyboard.type("<script>")
    tab.keyboard.press("Enter")
    assert tab.evaluate("window.broken") is None
    assert tab.locator("main script, main img, main svg svg").count() == 0
    assert {tab.evaluate("link => link.protocol", each.element_handle()) for each in tab.locator("a").all()} == {"https:"}
    assert HOSTILE[0] in tab.locator("main").inner_text()
    assert tab.title() == f"{HOSTILE[1]} · bnlint"


def test_markup_cannot_be_made_of_text(browser: Browser, tmp_path: Path) -> None:
    """The policy holds even if a script of the page tried."""
    file = tmp_path / "report.html"
    file.write_text(as_html(small()), encoding="utf-8")
    attempt = """() => { try { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.broken=1'>"); return "made"; }
        catch (error) { return error.name; } }"""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(file.as_uri())
        assert tab.evaluate(attempt) == "TypeError"


def test_a_node_of_a_source_shows_its_code(open_page: Open, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import keras\nfrom keras import layers\n\nmodel = keras.Sequential([\n    keras.Input((8,)),\n    layers.Dense(8),\n"
        "    layers.BatchNormalization(momentum=0.1),\n])\nother = keras.Sequential([keras.Input((8,)), layers.Dense(1)])\n"
    )
    drawn, _ = api.report([tmp_path / "model.py"], isolated=True)
    tab = open_page(drawn)
    tab.locator(".canvas .node.batchnorm").click()
    assert tab.locator(".layer pre.frame mark").inner_text() == "layers.BatchNormalization(momentum=0.1)"
    assert tab.locator(".layer pre.frame .here .number").inner_text() == "7"
    assert tab.locator(".card pre.frame mark").count() == tab.locator(".card").count() > 0
    assert tab.locator(".plot").count() == 0
    chooser = tab.get_by_label("Model", exact=True)
    chooser.select_option("1")
    assert tab.locator(".canvas .node").count() == 2
    assert chosen(tab) == ""


def test_a_page_without_models_shows_its_findings(open_page: Open) -> None:
    tab = open_page(Page([], models.SMALL_FINDINGS))
    assert tab.locator(".card").count() == 4
    assert tab.locator(".canvas").count() == 0
    tab.keyboard.press("/")


def folded() -> Page:
    """A model that is just large enough to be folded."""
    return Page([models.residual((2, 2, 23, 2))])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("made", [small, folded], ids=["small", "folded"])
def test_the_page_can_be_used_by_everyone(browser: Browser, tmp_path: Path, scheme: Any, made: Callable[[], Page]) -> None:
    """axe-core finds nothing, with a layer chosen and without. (It needs to run scripts of its own, which the policy forbids.)"""
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "report.html"
    file.write_text(as_html(made()), encoding="utf-8")
    with browser.new_context(color_scheme=scheme, bypass_csp=True) as context:
        tab = context.new_page()
        tab.goto(file.as_uri())
        for _ in range(2):
            found = Axe().run(tab).response["violations"]
            assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == [], json.dumps(found, indent=1)[:4000]
            tab.locator("tbody tr").first.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_findings_can_be_used_by_everyone(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    """`--output-format html`: nothing is asked for or complained about, and axe-core finds nothing."""
    from axe_playwright_python.sync_playwright import Axe

    result = api.lint_paths([Path(__file__).parent.parent.parent / "fixtures" / "quickstart"], isolated=True)
    file = tmp_path / "findings.html"
    file.write_text(report.render(report.Report(result.findings, lines=result.lines), "html"), encoding="utf-8")
    said: list[str] = []
    with browser.new_context(color_scheme=scheme) as context:
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("request", lambda request: said.append(request.url))
        tab.goto(file.as_uri())
        assert tab.locator("article").count() == len(result.findings) > 5
        assert tab.evaluate("getComputedStyle(document.querySelector('mark')).borderRadius") == "2px"
    assert said == [file.as_uri()]
    with browser.new_context(color_scheme=scheme, bypass_csp=True) as context:
        tab = context.new_page()
        tab.goto(file.as_uri())
        tab.locator("summary").click()
        assert [each["id"] for each in Axe().run(tab).response["violations"]] == []
