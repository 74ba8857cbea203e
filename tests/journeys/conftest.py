from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import live
from tests.journeys.visits import DESKTOP, NewContext


@pytest.fixture
def new_context(chromium: Browser, sample: live.Site) -> Iterator[NewContext]:
    """Return what opens a fresh browser profile; none may see a console error or a refused resource."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None,
        )

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"base_url": sample.address, "locale": "en", "viewport": DESKTOP, **options})
        context.set_default_timeout(30_000)
        context.on("page", listen)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()
