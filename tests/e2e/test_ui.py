"""The pages that an operator looks at, in a real browser; pictures go to PRICEHOUSE_SCREENSHOTS."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.parameters import ALL_FEEDS
from flows.server.deployments import UNSTARTED, ZOMBIES
from flows.server.stale_automation import STALE
from flows.server.stale_notification import NOTIFY
from samples.hub import Hub
from tests.support.hours import small_catalog
from tests.support.running_server import Gate, Up, wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is missing")
Page = playwright.Page

CHROMIUM = shutil.which("chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
SLOW_MS = 240_000
ADVERTISEMENTS = ("Prefect Cloud", "Upgrade", "Ready to scale", "Join the Community")
pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium"),
]


@pytest.fixture(scope="module")
def requested() -> list[str]:
    """Return the addresses that the browser asked so far."""
    return []


@pytest.fixture(scope="module")
def page(requested: list[str]) -> Iterator[Page]:
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000}, timezone_id="UTC")
        page.set_default_timeout(SLOW_MS)
        page.on("request", lambda request: requested.append(request.url))
        yield page
        browser.close()


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page, str], None]:
    """Return what takes a picture of the page under a name."""
    given = os.environ.get("PRICEHOUSE_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def picture(page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return picture


def test_the_deployment_page_shows_the_schedule_and_the_next_run(
    page: Page, keep: Callable[[Page, str], None], running: Up
) -> None:
    deployment = running.deployment("hourly")["id"]
    page.goto(f"{running.ui_url}/deployments/deployment/{deployment}")
    page.get_by_text("Next Run").wait_for()
    page.get_by_text(":07:00").first.wait_for()
    keep(page, "prefect-deployment")


def test_the_form_has_every_field_refuses_bad_values_and_starts_a_run(
    page: Page, keep: Callable[[Page, str], None], running: Up
) -> None:
    deployment = running.deployment("hourly")["id"]
    address = f"{running.ui_url}/deployments/deployment/{deployment}/run"
    page.goto(address)
    for described in (
        "What to fetch; a feed that is not fetched keeps its last answer.",
        "Do everything but commit, and show what would change.",
        "Seconds (0 to 900) to wait while another run writes",
    ):
        page.get_by_text(described).wait_for()
    keep(page, "prefect-form")
    before = manual_runs(running)
    wait = page.locator("input[type=number]")
    wait.fill("901")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("Validation failed").first.wait_for()
    keep(page, "prefect-form-refused")
    assert page.url == address
    assert manual_runs(running) == before
    wait.fill("30")
    page.get_by_role("switch").click()
    page.get_by_role("button", name="Submit").click()
    (run_id,) = wait_for(lambda: manual_runs(running) - before or None, 240, running)
    run = running.wait_for_state(run_id, "COMPLETED")
    assert run["parameters"] == {"feeds": ALL_FEEDS, "dry_run": True, "lock_wait_s": 30}


def test_a_finished_run_shows_its_artifacts(
    page: Page, keep: Callable[[Page, str], None], running: Up, hub: Hub
) -> None:
    hub.show(small_catalog(input_price="0.21"))  # whichever runs came before, this one has changes
    run_id = running.start_run()
    name = running.wait_for_state(run_id, "COMPLETED")["name"]
    page.goto(f"{running.ui_url}/runs/flow-run/{run_id}")
    page.get_by_text(name).first.wait_for()
    keep(page, "prefect-run")
    page.locator("#artifacts").click()
    newest = {"feeds", "changes", "report", "health"}  # the page shows older ones as it scrolls
    assert set(running.artifacts(run_id)) > {"pages-hub", "pages-router", *newest}
    for key in sorted(newest):
        page.get_by_text(key, exact=True).first.wait_for()
    keep(page, "prefect-run-artifacts")
    for key, heading in (("report", "Changes"), ("feeds", "accepted"), ("changes", "is_now")):
        artifact = running.artifacts(run_id)[key]["id"]
        page.goto(f"{running.ui_url}/artifacts/artifact/{artifact}")
        page.get_by_text(heading, exact=True).first.wait_for()
        keep(page, f"prefect-{key}")


def test_the_list_of_deployments_shows_all_three_and_no_advertisement(
    page: Page, keep: Callable[[Page, str], None], running: Up
) -> None:
    page.goto(f"{running.ui_url}/deployments")
    for name in ("hourly", "maintain", "replay"):
        page.get_by_role("link", name=name, exact=True).first.wait_for()
    keep(page, "prefect-deployments")
    body = page.locator("body").inner_text()
    assert [text for text in ADVERTISEMENTS if text in body] == []


def test_a_run_shows_its_progress_while_the_source_is_slow(
    page: Page, keep: Callable[[Page, str], None], running: Up, gate: Gate
) -> None:
    with gate.shut():
        run_id = running.start_run(feeds=["hub", "router"])
        running.wait_for_state(run_id, "RUNNING")
        wait_for(lambda: gate.waiting or None, 240, running)
        page.goto(f"{running.ui_url}/runs/flow-run/{run_id}")
        page.get_by_text("Running", exact=True).first.wait_for()
        page.get_by_text("Beginning flow run").first.wait_for()  # tasks are drawn, not text
        keep(page, "prefect-run-running")
    running.wait_for_state(run_id, "COMPLETED")
    progress = running.artifacts(run_id)["pages-hub"]
    page.goto(f"{running.ui_url}/artifacts/artifact/{progress['id']}")
    page.get_by_text("hub: complete").first.wait_for()
    keep(page, "prefect-progress")


def test_a_cancelled_overlap_and_a_failed_run_name_their_reasons(
    page: Page, keep: Callable[[Page, str], None], running: Up, gate: Gate
) -> None:
    with gate.shut():
        first = running.start_run()
        wait_for(lambda: gate.waiting or None, 240, running)
        second = running.start_run()
        running.wait_for_state(second, "CANCELLED")
        page.goto(f"{running.ui_url}/runs/flow-run/{second}")
        page.get_by_text("Cancelled", exact=True).first.wait_for()
        keep(page, "prefect-run-cancelled")
    running.wait_for_state(first, "COMPLETED")
    with gate.refusing(401):
        failed = running.start_run(feeds=["hub", "router"])
        state = running.wait_for_state(failed, "FAILED")["state"]
    assert "401" in state["message"]
    page.goto(f"{running.ui_url}/runs/flow-run/{failed}")
    page.get_by_text("Failed", exact=True).first.wait_for()
    page.get_by_text("401").first.wait_for()
    keep(page, "prefect-run-failed")
    page.goto(f"{running.ui_url}/runs")
    for text in ("Cancelled", "Failed", "Completed"):
        page.get_by_text(text, exact=True).first.wait_for()
    keep(page, "prefect-runs")


def test_the_automations_have_pages_with_their_actions(
    page: Page, keep: Callable[[Page, str], None], running: Up
) -> None:
    page.goto(f"{running.ui_url}/automations")
    for automation in (ZOMBIES, UNSTARTED, STALE, NOTIFY):
        page.get_by_text(automation, exact=True).first.wait_for()
    keep(page, "prefect-automations")
    (zombies,) = [a for a in running.read("/automations/filter") if a["name"] == ZOMBIES]
    page.goto(f"{running.ui_url}/automations/automation/{zombies['id']}")
    page.get_by_text("Crashed").first.wait_for()
    keep(page, "prefect-automation")


def test_pages_send_requests_to_our_server_only(
    page: Page, requested: list[str], running: Up
) -> None:
    page.goto(running.ui_url)
    page.get_by_text("Flow Runs").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert f"{running.ui_url}/api/flow_runs/count" in requested
    ours = (f"{running.ui_url}/", f"blob:{running.ui_url}/", "data:")
    assert [url for url in requested if not url.startswith(ours)] == []


def manual_runs(running: Up) -> set[str]:
    """Return the ids of the runs that no schedule made."""
    runs = running.read("/flow_runs/filter")
    return {run["id"] for run in runs if not run["auto_scheduled"]}
