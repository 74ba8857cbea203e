import json

import pytest

from tests.mangopay import server
from tests.scripts.conftest import Portulan


def test_hooks_are_registered_for_the_public_address(portulan: Portulan, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = portulan("payments", "hooks")
    assert refused.code == 1
    assert "PORTULAN_MANGOPAY_CLIENT_ID" in refused.err
    with server.serving() as stand_in:
        settings = {
            "PORTULAN_MANGOPAY_CLIENT_ID": server.CLIENT,
            "PORTULAN_MANGOPAY_API_KEY": server.API_KEY,
            "PORTULAN_MANGOPAY_URL": stand_in.url,
            "PORTULAN_BASE_URL": "https://portulan.example",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        first = portulan("payments", "hooks", "--json")
        assert {item["was"] for item in json.loads(first.out)} == {"registered"}
        [url] = {str(hook["Url"]) for hook in stand_in.state.hooks.values()}
        assert url.startswith("https://portulan.example/providers/mangopay/")
        again = portulan("payments", "hooks")
        assert (again.code, "PAYIN_NORMAL_SUCCEEDED" in again.out, "kept" in again.out) == (0, True, True)
