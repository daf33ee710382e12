"""The files of deploy/, checked by the tools that know their formats and held against the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from cli.main import main
from pipeline.lake_access import find_lake
from pipeline.store import find_store
from telemetry.metric_families import GAUGES, HTTP, PREFIX
from tests.support.documents import CHECKOUT, first_column, section
from tests.support.tools import PYTHON, needs_tools

DEPLOY = CHECKOUT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARD = DEPLOY / "grafana" / "pricehouse.json"
PROGRAM = "/srv/pricehouse/.venv/bin/pricehouse"
MOST_EXPOSED = 2.0
"""Of `systemd-analyze security`, from 0 (best) to 10."""
METRIC = re.compile(r"\b(?:pricehouse|process)_[a-z_]+")
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here")
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not here"
)


def run_tool(*arguments: str | Path, cwd: Path = CHECKOUT) -> str:
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def documents(path: Path) -> list[Any]:
    return [d for d in yaml.safe_load_all(path.read_text("utf-8")) if d]


def expressions() -> dict[str, str]:
    """Return every expression of the rules and of the dashboard by where it is."""
    rules = documents(RULES)[0]["groups"][0]["rules"]
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return {rule["alert"]: rule["expr"] for rule in rules} | {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in panels
        for target in panel["targets"]
    }


def called_commands() -> Iterator[tuple[str, list[str]]]:
    """Yield (file, arguments) of each call of pricehouse in the files."""
    for unit in UNITS:
        for line in unit.read_text("utf-8").splitlines():
            if line.startswith("ExecStart="):
                yield unit.name, line.removeprefix(f"ExecStart={PROGRAM} ").split()
    (compose,) = documents(DEPLOY / "compose.yaml")
    for name in ("worker", "marketplace"):
        yield f"compose {name}", compose["services"][name]["command"]
    (cluster,) = documents(DEPLOY / "compose.cluster.yaml")
    for name in ("worker-1", "marketplace-1"):
        yield f"cluster {name}", cluster["services"][name]["command"]
    (container,) = documents(DEPLOY / "kubernetes" / "marketplace.yaml")[0]["spec"]["template"][
        "spec"
    ]["containers"]
    yield "kubernetes marketplace", container["args"]
    (command,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.M)
    yield "Dockerfile", json.loads(command)


def test_every_metric_of_rules_and_dashboard_exists() -> None:
    histogram = {f"{PREFIX}{HTTP[1].name}_{part}" for part in ("bucket", "count", "sum")}
    known = {f"{PREFIX}{name}" for name in GAUGES} | {f"{PREFIX}{HTTP[0].name}"} | histogram
    known |= {"process_resident_memory_bytes"}
    named = {where: set(METRIC.findall(text)) for where, text in expressions().items()}
    assert len(named) > 25
    assert all(named.values())
    assert {where: metrics - known for where, metrics in named.items() if metrics - known} == {}


def test_the_operating_page_lists_every_metric() -> None:
    page = (CHECKOUT / "docs" / "operating.md").read_text("utf-8")
    assert first_column(section(page, "### Metrics")) == [f.name for f in (*GAUGES.values(), *HTTP)]


def test_the_labels_of_rules_and_dashboard_are_those_of_their_metrics() -> None:
    labels = {f"{PREFIX}{f.name}": set(f.labels) for f in (*GAUGES.values(), *HTTP)}
    for where, text in expressions().items():
        of_text = set().union(
            *(labels.get(m.removesuffix("_bucket"), set()) for m in METRIC.findall(text))
        )
        for names in re.findall(r"\bby \(([^)]*)\)", text):
            assert set(names.replace(" ", "").split(",")) - {"le"} <= of_text, where


@needs_promtool
def test_promtool_accepts_the_rules_and_their_tests() -> None:
    folder = RULES.parent
    run_tool("promtool", "check", "rules", RULES)
    run_tool("promtool", "check", "config", "--syntax-only", folder / "prometheus.yml")
    assert "SUCCESS" in run_tool("promtool", "test", "rules", "rules_test.yml", cwd=folder)


@needs_promtool
def test_promtool_parses_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": text.replace("$__rate_interval", "5m")}
        for number, text in enumerate(expressions().values())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run_tool("promtool", "check", "rules", "--lint=none", file)


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@needs_systemd
def test_systemd_accepts_the_units_and_finds_them_hardened(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text("utf-8").replace(PROGRAM, "/bin/true")
        (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / unit.name) for unit in UNITS]
    assert run_tool("systemd-analyze", "verify", *units) == ""
    services = [path for path in units if path.endswith(".service")]
    assert len(services) > 4
    for service in services:
        found = run_tool("systemd-analyze", "security", "--offline=true", "--no-pager", service)
        (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", found)
        assert float(level) <= MOST_EXPOSED, found


def test_each_timer_has_its_service_and_runs_with_the_schedule_of_prefect() -> None:
    names = {unit.name for unit in UNITS}
    timers = {n.removesuffix(".timer") for n in names if n.endswith(".timer")}
    assert {f"{name}.service" for name in timers} <= names
    crons = {
        d["name"]: d["schedules"][0]["cron"].split()[:2]
        for d in documents(CHECKOUT / "prefect.yaml")[0]["deployments"]
        if "schedules" in d
    }
    for name, cron in (("ingest", crons["hourly"]), ("maintain", crons["maintain"])):
        text = (DEPLOY / "systemd" / f"pricehouse-{name}.timer").read_text("utf-8")
        (hour, minute) = re.findall(r"OnCalendar=\*-\*-\* (\S+?):(\d\d):00 UTC", text)[0]
        assert [str(int(minute)), hour if hour == "*" else str(int(hour))] == cron


def test_every_call_of_pricehouse_is_a_command_with_its_options() -> None:
    found = list(called_commands())
    assert len(found) > 8
    context = click.Context(main)
    for where, (name, *arguments) in found:
        command = main.get_command(context, name)
        assert command is not None, where
        known = {option for param in command.params for option in param.opts}
        assert {a for a in arguments if a.startswith("-")} <= known, where


@needs_tools
def test_hadolint_accepts_the_dockerfile() -> None:
    assert run_tool(PYTHON.with_name("hadolint"), DEPLOY / "Dockerfile") == ""


def test_the_image_runs_as_a_user_without_rights_and_is_checked() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert text.count("\nFROM ") + text.startswith("FROM ") == 2
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER \d+:\d+$", last, re.M)
    assert "HEALTHCHECK" in last
    assert "--require-hashes" in text
    assert (CHECKOUT / "requirements" / "runtime.txt").is_file()


def test_the_image_installs_a_part_of_the_lock() -> None:
    def requirements(name: str) -> dict[str, str]:
        text = (CHECKOUT / "requirements" / name).read_text("utf-8").strip()
        found = [r.strip() for r in re.split(r"\n(?=\S)", text)]
        return {r.split("==")[0]: r for r in found}

    runtime, lock = requirements("runtime.txt"), requirements("lock.txt")
    assert {name for name in runtime if runtime[name] != lock.get(name)} == set()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["otel"], *extras["lake"]]
    names = {re.match(r"[\w.-]+", r)[0] for r in wanted}  # type: ignore[index]
    assert names <= {name.partition("[")[0] for name in runtime}
    assert not {"pytest", "ruff", "mypy", "playwright", "hypothesis"} & runtime.keys()


@needs_tools
@pytest.mark.parametrize("name", ["compose.yaml", "compose.cluster.yaml"])
def test_the_compose_file_meets_its_schema(name: str) -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    run_tool(PYTHON.with_name("check-jsonschema"), *schema, DEPLOY / name)


def test_the_cluster_has_two_of_each_and_settings_that_are_read() -> None:
    (cluster,) = documents(DEPLOY / "compose.cluster.yaml")
    services = cluster["services"]
    pairs = {f"{kind}-{number}" for kind in ("worker", "marketplace") for number in (1, 2)}
    assert set(services) == {"postgres", "store", "bucket", "prefect-server", *pairs}
    for name, service in services.items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        if service["image"] == "pricehouse":
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    lake = find_lake(services["worker-1"]["environment"] | keys)
    assert lake is not None
    assert lake.place == "prices on postgres"
    reader = services["marketplace-1"]["environment"]
    assert "PRICEHOUSE_WAREHOUSE" not in reader
    assert "PGPASSWORD" not in reader
    store = find_store(reader | keys)
    assert store is not None
    assert store.address == lake.store.address
    assert json.loads(cluster["configs"]["keys"]["content"])["identities"][1]["name"] == "reader"


def test_services_of_compose_are_hardened_and_their_logs_bounded() -> None:
    (compose,) = documents(DEPLOY / "compose.yaml")
    services = compose["services"]
    assert {"postgres", "prefect-server", "worker", "marketplace", "openbao"} == set(services)
    assert services["openbao"]["profiles"] == ["vault"]
    for name, service in services.items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        if service["image"] == "pricehouse":
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
    assert services["marketplace"]["volumes"] == ["home:/data:ro"]
    assert set(compose["volumes"]) == {"home", "postgres", "openbao"}


@needs_tools
def test_the_manifests_meet_the_schemas_of_kubernetes(tmp_path: Path) -> None:
    job = tmp_path / "run.yaml"
    manifest = rendered_job()
    manifest["metadata"]["name"] = manifest["metadata"].pop("generateName") + "1"  # the tool's need
    job.write_text(yaml.safe_dump(manifest))
    files = [path for path in MANIFESTS if path.name != "prefect.yaml"]
    assert len(files) > 4
    for file in (*files, job):
        run_tool(PYTHON.with_name("kubernetes-validate"), "--strict", file)


def rendered_job() -> dict[str, Any]:
    """Return the Job of a run, as a worker makes it of the template."""
    template = json.loads((DEPLOY / "kubernetes" / "base-job-template.json").read_text("utf-8"))
    properties = template["variables"]["properties"]
    values = {name: entry.get("default") for name, entry in properties.items()}
    values |= {"name": "hour", "image": "pricehouse", "labels": {"run": "1"}}
    values |= {"command": ["python", "-m", "prefect.engine"]}
    values |= {"env": [{"name": "PREFECT_API_URL", "value": "http://prefect-server:4200/api"}]}

    def fill(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: fill(value) for key, value in part.items()}
        if isinstance(part, list):
            return [fill(value) for value in part]
        if isinstance(part, str) and (whole := re.fullmatch(r"\{\{ (\w+) \}\}", part)):
            return values[whole[1]]
        if isinstance(part, str):
            return re.sub(r"\{\{ (\w+) \}\}", lambda found: values[found[1]], part)
        return part

    configuration = fill(template["job_configuration"])
    manifest: dict[str, Any] = configuration["job_manifest"]
    return manifest


def test_pods_run_without_rights_and_mount_what_exists() -> None:
    pods = [
        d["spec"]["template"]["spec"]
        for path in MANIFESTS
        for d in documents(path)
        if d.get("kind") in {"Deployment", "Job"}
    ]
    pods.append(rendered_job()["spec"]["template"]["spec"])
    assert len(pods) == 5
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_the_pool_of_kubernetes_has_the_deployments_of_up() -> None:
    (ours,) = documents(CHECKOUT / "prefect.yaml")
    (theirs,) = documents(DEPLOY / "kubernetes" / "prefect.yaml")
    for document, pool in ((ours, "pricehouse"), (theirs, "pricehouse-kubernetes")):
        assert {d.pop("work_pool")["name"] for d in document["deployments"]} == {pool}
    assert ours["deployments"] == theirs["deployments"]
