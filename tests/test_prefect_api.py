"""The calls to a Prefect server: what it answers, and that a moment's 503 is no end."""

from __future__ import annotations

import pytest

from flows import prefect_api
from flows.prefect_api import PrefectApi, RefusedError, ServerError
from flows.settings import Settings
from tests.prefect_server import free_port
from tests.webserver import Reply, Web

JSON = {"Content-Type": "application/json"}
BUSY = Reply(b'{"exception_message": "Service Unavailable"}', status=503, headers=JSON)
WELL = Reply(b'{"name": "ingest"}', headers=JSON)


@pytest.fixture
def api(web: Web, monkeypatch: pytest.MonkeyPatch) -> PrefectApi:
    monkeypatch.setattr(prefect_api, "BUSY_WAITS", (0.0, 0.0, 0.0))
    return PrefectApi(Settings(prefect_host="127.0.0.1", prefect_port=web.port))


@pytest.mark.parametrize("busy", [0, 1, 3])
def test_a_busy_server_is_asked_again(web: Web, api: PrefectApi, busy: int) -> None:
    web.add("/api/deployments/name/ingest/ingest", *[BUSY] * busy, WELL)
    assert api.call("GET", "/deployments/name/ingest/ingest") == {"name": "ingest"}
    assert len(web.requests) == busy + 1


def test_a_server_that_stays_busy_is_told(web: Web, api: PrefectApi) -> None:
    web.add("/api/health", BUSY)
    with pytest.raises(RefusedError, match="Service Unavailable") as caught:
        api.call("GET", "/health")
    assert (caught.value.status, len(web.requests)) == (503, 4)


def test_a_refusal_is_final(web: Web, api: PrefectApi) -> None:
    web.add("/api/health", Reply(b'{"detail": "no such deployment"}', status=404, headers=JSON))
    with pytest.raises(RefusedError, match="no such deployment"):
        api.call("GET", "/health")
    assert len(web.requests) == 1


def test_no_server_is_one_sentence() -> None:
    with pytest.raises(ServerError, match="meetings serve"):
        PrefectApi(Settings(prefect_port=free_port())).call("GET", "/health")
