"""Our automations on a Prefect server: `automations.yaml`, installed or brought up to date.

`meetings serve` does it at each start; for a server of your own: `python -m flows.automations`, after the deployments.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound

from flows.console import put
from parsers.records import MeetingsError


def install_automations() -> list[str]:
    """Create our automations on the server that Prefect's settings name, or bring them up to date; their names.

    Raises `MeetingsError` when the server does not have a deployment that one of them starts.
    """
    text = (Path(__file__).parent / "automations.yaml").read_text(encoding="utf-8")
    names = []
    with get_client(sync_client=True) as client:
        for wanted in yaml.safe_load(text)["automations"]:
            actions = [_resolved(client, action) for action in wanted["actions"]]
            automation = AutomationCore.model_validate(wanted | {"actions": actions})
            known = client.read_automations_by_name(automation.name)
            if known:
                client.update_automation(known[0].id, automation)
            else:
                client.create_automation(automation)
            names.append(automation.name)
    return names


def _resolved(client: SyncPrefectClient, action: dict[str, Any]) -> dict[str, Any]:
    """The action as Prefect takes it: it knows a deployment by id alone, we name it as `flow/deployment`."""
    name = action.get("deployment")
    if name is None:
        return action
    try:
        deployment_id = client.read_deployment_by_name(name).id
    except ObjectNotFound as error:
        raise MeetingsError(f"the server has no deployment {name}; deploy it before its automations") from error
    others = {key: value for key, value in action.items() if key != "deployment"}
    return others | {"source": "selected", "deployment_id": str(deployment_id)}


if __name__ == "__main__":
    put("\n".join(install_automations()))
