"""The table of decisions that all readers of the rules share."""

import json
from pathlib import Path

import pytest
from openclone_rules import Rules

CASES = json.loads((Path(__file__).parents[2] / "cases.json").read_text("utf-8"))
RULES = Rules.load()


@pytest.mark.parametrize("case", CASES["apps"], ids=lambda case: repr(case["names"]))
def test_app(case):
    assert RULES.app_group(case["names"]) == case["group"]


@pytest.mark.parametrize("case", CASES["titles"], ids=lambda case: repr(case["title"]))
def test_title(case):
    assert RULES.title_group(case["title"]) == case["group"]


@pytest.mark.parametrize("case", CASES["urls"], ids=lambda case: case["url"])
def test_url(case):
    assert RULES.url_group(case["url"]) == case["group"]
