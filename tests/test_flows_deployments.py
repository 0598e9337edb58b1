"""`prefect.yaml` is valid, and every kind of nonsense in it is refused with file, deployment and key. No server."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule

from flows.deployments import DeploymentsError, read_deployments
from flows.serve import environment
from flows.settings import Settings, shipped
from parsers.records import InputError

SHIPPED = shipped("prefect.yaml").read_text(encoding="utf-8")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prefect.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_file_declares_what_the_design_fixes() -> None:
    found = {d.name: d for d in read_deployments(shipped("prefect.yaml"))}
    assert {name: d.entrypoint for name, d in found.items()} == {
        "ingest": "flows.ingest.ingest",
        "digest": "flows.digest.digest",
        "backfill": "flows.backfill.backfill",
        "alert": "flows.alert.alert",
    }
    assert [(s.cron, s.timezone, s.active) for s in found["ingest"].schedules] == [
        ("5 */3 * * *", "Asia/Ho_Chi_Minh", True)
    ]
    assert [(s.cron, s.timezone, s.active) for s in found["digest"].schedules] == [
        ("0 7 * * 1", "Asia/Ho_Chi_Minh", True)
    ]
    assert {name: (d.concurrency_limit.limit, d.concurrency_limit.collision_strategy) for name, d in found.items()} == {
        "ingest": (1, ConcurrencyLimitStrategy.CANCEL_NEW),
        "digest": (1, ConcurrencyLimitStrategy.ENQUEUE),
        "backfill": (4, ConcurrencyLimitStrategy.ENQUEUE),
        "alert": (1, ConcurrencyLimitStrategy.ENQUEUE),
    }
    assert {d.work_pool.name for d in found.values()} == {"meetings"}


def test_the_digest_is_scheduled_in_the_digests_zone() -> None:
    zones = {s.timezone for d in read_deployments(shipped("prefect.yaml")) for s in d.schedules}
    assert zones == {Settings.model_fields["zone"].default}


def test_every_parameter_has_a_description_for_the_form_of_a_manual_run() -> None:
    for deployment in read_deployments(shipped("prefect.yaml")):
        flow = deployment.flow()
        assert flow.description
        for name, schema in flow.parameters.properties.items():
            assert schema.get("description"), f"{deployment.name}: {name}"
            assert name in deployment.parameters


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("prefect-version", "prefect-versoin", ["prefect-versoin"], id="unknown key at the top"),
        pytest.param("    tags: [meetings]", "    tagz: [meetings]", ["deployment ingest", "tagz"], id="unknown key"),
        pytest.param("slug: every", "slugg: every", ["deployment ingest", "schedules", "slugg"], id="schedule key"),
        pytest.param("work_queue_name", "queue", ["deployment ingest", "work_pool", "queue"], id="work pool key"),
        pytest.param("5 */3 * * *", "bananas", ["deployment ingest", "cron", "bananas"], id="cron that is none"),
        pytest.param("0 7 * * 1", "0 25 * * 1", ["deployment digest", "cron", "0 25"], id="cron at 25 o'clock"),
        pytest.param("Asia/Ho_Chi_Minh", "Asia/Hanoi", ["deployment ingest", "timezone", "Hanoi"], id="no such zone"),
        pytest.param(", timezone: Asia/Ho_Chi_Minh", "", ["deployment ingest", "timezone"], id="no zone at all"),
        pytest.param("CANCEL_NEW", "DROP", ["ingest", "collision_strategy", "DROP", "ENQUEUE"], id="strategy"),
        pytest.param("limit: 1,", "limit: 0,", ["deployment ingest", "concurrency_limit", "limit"], id="limit of none"),
        pytest.param("force: false", "force: maybe", ["deployment ingest", "parameters", "force"], id="parameter type"),
        pytest.param("force: false", "fast: true", ["ingest", "parameters", "fast", "force"], id="unknown parameter"),
        pytest.param("week: null", "week: 2024-50", ["digest", "parameters", "week"], id="parameter of another form"),
        pytest.param(
            "slug: every-3-hours,",
            "slug: every-3-hours, parameters: {force: soon},",
            ["deployment ingest", "schedule every-3-hours", "force"],
            id="parameter of one schedule",
        ),
        pytest.param("flows.ingest.ingest", "flows.ingest.injest", ["ingest", "entrypoint", "injest"], id="no flow"),
        pytest.param("flows.ingest.ingest", "flows.nowhere.x", ["ingest", "entrypoint", "nowhere"], id="no module"),
        pytest.param("flows.ingest.ingest", "flows.ingest.batches", ["entrypoint", "batches"], id="not a flow"),
        pytest.param("flows.ingest.ingest", "flows/ingest.py:ingest", ["entrypoint", "module"], id="file entrypoint"),
        pytest.param("    entrypoint: flows.ingest.ingest\n", "", ["deployment ingest", "entrypoint"], id="none given"),
        pytest.param("name: digest", "name: ingest", ["name ingest", "twice"], id="name used twice"),
        pytest.param("name: digest", "name: Weekly Digest", ["Weekly Digest", "name"], id="name with spaces"),
        pytest.param("slug: every-3-hours,", "", ["deployment ingest", "slug"], id="schedule without slug"),
        pytest.param("    work_pool: {name: meetings, work_queue_name: default}\n", "", ["work_pool"], id="no pool"),
        pytest.param("set_working_directory", "run_shell_script", ["pull", "run_shell_script"], id="another pull step"),
        pytest.param("deployments:", "deployments: [", ["not YAML"], id="not YAML"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in SHIPPED
    path = written(tmp_path, SHIPPED.replace(old, new, 1))
    with pytest.raises(DeploymentsError) as caught:
        read_deployments(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_schedules_with_one_slug_are_refused(tmp_path: Path) -> None:
    line = "      - {cron: 0 7 * * 1, timezone: Asia/Ho_Chi_Minh, slug: monday-0700, active: true}\n"
    text = SHIPPED.replace('"0 7 * * 1"', "0 7 * * 1")
    path = written(tmp_path, text.replace(line, line + line))
    with pytest.raises(DeploymentsError, match=r"deployment digest.*monday-0700 is used twice"):
        read_deployments(path)


@pytest.mark.parametrize("text", ["", "- a list\n", "deployments: []\n"], ids=["empty", "a list", "no deployment"])
def test_a_file_without_deployments_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeploymentsError, match=r"prefect\.yaml"):
        read_deployments(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        read_deployments(tmp_path / "nowhere.yaml")


def test_what_the_runner_gets_keeps_schedule_limit_and_entrypoint() -> None:
    served = {d.name: d.served() for d in read_deployments(shipped("prefect.yaml"))}
    digest = served["digest"]
    assert digest.entrypoint == "flows.digest.digest"
    assert digest.concurrency_limit == 1
    assert digest.concurrency_options is not None
    assert digest.concurrency_options.collision_strategy is ConcurrencyLimitStrategy.ENQUEUE
    [schedule] = digest.schedules or []
    assert schedule.slug == "monday-0700"
    assert schedule.schedule == CronSchedule(cron="0 7 * * 1", timezone="Asia/Ho_Chi_Minh")


def test_the_operations_page_lists_every_parameter_and_every_variable_that_serve_sets() -> None:
    page = (shipped("prefect.yaml").parent / "docs" / "operations.md").read_text(encoding="utf-8")
    for deployment in read_deployments(shipped("prefect.yaml")):
        for parameter in deployment.flow().parameters.properties:
            assert f"| `{parameter}` | {deployment.name} |" in page
    for variable in environment(Settings(), {}):
        assert f"`{variable}`" in page
