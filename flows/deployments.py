"""Reads `prefect.yaml` and refuses what Prefect's own model would accept in silence (prefect.md §8).

Unknown keys, cron and zone, strategy, parameters, entrypoint, double names and slugs: every error names file,
deployment and key. The same file feeds `meetings serve` and `prefect deploy --all`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

import yaml
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import (
    MissingFlowError,
    ParameterBindError,
    ParameterTypeError,
    ScriptError,
    SignatureMismatchError,
)
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.logging.loggers import disable_logger
from prefect.runner import Runner
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from flows.settings import read_text
from parsers.records import InputError

SLUG = r"^[a-z0-9-]+$"


class DeploymentsError(InputError):
    """`prefect.yaml` is wrong; names file, deployment and key."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _strategy(value: object) -> object:
    # Prefect's enum reads members by value in any case, and its model turns an unknown one into an unclear error
    names = [strategy.name for strategy in ConcurrencyLimitStrategy]
    if value not in names:
        raise ValueError(f"{value!r} is not a collision strategy; use {' or '.join(names)}")
    return value


class Limit(_Table):
    """How many runs of one deployment may be under way, and what becomes of one more."""

    limit: int = Field(ge=1)
    collision_strategy: Annotated[ConcurrencyLimitStrategy, BeforeValidator(_strategy)]


class Schedule(_Table):
    """One cron schedule. `slug` is its identity: a paused one without is started again by the next deploy."""

    cron: str
    timezone: str
    slug: str = Field(pattern=SLUG)
    active: bool = True
    parameters: dict[str, Any] = {}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"no time zone is called {value!r}; use an IANA name such as Asia/Ho_Chi_Minh")
        return value

    @field_validator("cron")
    @classmethod
    def _readable_cron(cls, value: str) -> str:
        try:
            return CronSchedule(cron=value).cron
        except ValidationError as error:
            raise ValueError(f"{value!r} is not a cron expression such as '0 7 * * 1'") from error


class WorkPool(_Table):
    """Where a worker takes the runs from; `meetings serve` needs none."""

    name: str
    work_queue_name: str = "default"


class Deployment(_Table):
    """One flow with its schedules, parameters and limit."""

    name: str = Field(pattern=SLUG)
    entrypoint: str
    tags: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}
    concurrency_limit: Limit
    schedules: tuple[Schedule, ...]
    work_pool: WorkPool

    @model_validator(mode="after")
    def _slugs_differ(self) -> Self:
        if double := _doubles(schedule.slug for schedule in self.schedules):
            raise ValueError(f"schedules: the slug {double} is used twice")
        return self

    def flow(self) -> Flow[Any, Any]:
        """The flow itself; raises `ValueError` when the entrypoint leads to none."""
        if ":" in self.entrypoint or "." not in self.entrypoint:
            # a file entrypoint puts flows/ first on sys.path, before the standard library
            raise ValueError(f"{self.entrypoint!r} is no module entrypoint such as flows.ingest.ingest")
        try:
            return load_flow_from_entrypoint(self.entrypoint, use_placeholder_flow=False)
        except (MissingFlowError, ScriptError, ImportError) as error:
            raise ValueError(f"no flow is found at {self.entrypoint!r}") from error

    def served(self) -> RunnerDeployment:
        """What Prefect's runner takes."""
        schedules = [
            DeploymentScheduleCreate(
                schedule=CronSchedule(cron=s.cron, timezone=s.timezone),
                active=s.active,
                slug=s.slug,
                parameters=s.parameters,
            )
            for s in self.schedules
        ]
        limit = ConcurrencyLimitConfig(**self.concurrency_limit.model_dump())
        return RunnerDeployment.from_entrypoint(
            self.entrypoint,
            self.name,
            schedules=schedules,
            parameters=self.parameters,
            tags=list(self.tags),
            concurrency_limit=limit,
        )


class _Directory(_Table):
    directory: str


class _Pull(_Table):
    set_working_directory: _Directory = Field(alias="prefect.deployments.steps.set_working_directory")


class _File(_Table):
    name: str
    prefect_version: str = Field(alias="prefect-version")
    pull: tuple[_Pull, ...]
    deployments: tuple[Deployment, ...] = Field(min_length=1)


class _StoppableRunner(Runner):
    """A runner that ends in order: Prefect's own leaves its loop by `SystemExit`, and running flows stay "Running"."""

    def handle_sigterm(self, *_args: object, **_kwargs: object) -> None:
        """Cancel the flow runs under way, tell the server, then return from `start`."""
        if not self.started:
            sys.exit(0)
        if not self.stopping:
            self.execute_in_background(self.astop)


def runner_of(deployments: Sequence[Deployment]) -> Runner:
    """A runner that has announced the deployments to the server; schedules go on counting while it is away."""
    runner = _StoppableRunner(pause_on_shutdown=False)
    for deployment in deployments:
        runner.add_deployment(deployment.served())
    return runner


def read_deployments(path: Path) -> tuple[Deployment, ...]:
    """The deployments that a `prefect.yaml` declares, every one checked against its flow.

    Raises `DeploymentsError` that names file, deployment and key.
    """
    text = read_text(path, "deployments")
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise DeploymentsError(f"{path} is not YAML: {reason}") from error
    if not isinstance(content, dict):
        raise DeploymentsError(f"{path} has no deployments; see docs/operations.md for its form")
    try:
        deployments = _File.model_validate(content).deployments
    except ValidationError as error:
        raise DeploymentsError(f"{path}: {'; '.join(_sentences(error, content))}") from error
    if double := _doubles(deployment.name for deployment in deployments):
        raise DeploymentsError(f"{path}: deployments: the name {double} is used twice")
    for deployment in deployments:
        _check_flow(path, deployment)
    return deployments


def _check_flow(path: Path, deployment: Deployment) -> None:
    where = f"{path}: deployment {deployment.name}"
    try:
        flow = deployment.flow()
    except ValueError as error:
        raise DeploymentsError(f"{where}: entrypoint: {error}") from error
    _check_parameters(f"{where}: parameters", flow, deployment.parameters)
    for schedule in deployment.schedules:
        merged = deployment.parameters | schedule.parameters
        _check_parameters(f"{where}: schedule {schedule.slug}: parameters", flow, merged)


def _check_parameters(where: str, flow: Flow[Any, Any], parameters: dict[str, Any]) -> None:
    known = flow.parameters.properties
    if unknown := sorted(set(parameters) - set(known)):
        raise DeploymentsError(f"{where}: {flow.name} has no {', '.join(unknown)}; it takes {', '.join(known)}")
    try:
        with disable_logger("prefect.flows"):  # which would tell it a second time, in Prefect's words
            flow.validate_parameters(parameters)
    except (ParameterTypeError, ParameterBindError, SignatureMismatchError) as error:
        reason = " ".join(str(error).split()).removeprefix("Flow run received invalid parameters: - ")
        raise DeploymentsError(f"{where}: {reason}") from error


def _sentences(error: ValidationError, content: dict[str, Any]) -> Iterable[str]:
    for problem in error.errors():
        at = list(problem["loc"])
        if at[:1] == ["deployments"] and len(at) > 1:
            row = content["deployments"][at[1]]
            name = row.get("name") if isinstance(row, dict) else None
            at[:2] = [f"deployment {name or f'number {int(at[1]) + 1}'}"]
        where = ": ".join(str(part + 1) if isinstance(part, int) else part for part in at)
        yield f"{where}: {problem['msg'].removeprefix('Value error, ')}"


def _doubles(names: Iterable[str]) -> str:
    return ", ".join(name for name, times in Counter(names).items() if times > 1)
