"""What --json prints has the form that is told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from virtual_devices.answers.findings.schema import result_schema
from virtual_devices.cli import commands


@pytest.mark.parametrize("words", [("simulate", "every_feature"), ("simulate", "cape_town"), ("up", "cape_town", "--speed", "max")])
def test_results_have_the_form(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = CliRunner().invoke(commands, [*words, "--for", "3h", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    jsonschema.validate(result, result_schema(), cls=jsonschema.Draft202012Validator)
    assert result["findings"]["home"] == words[1]
    assert result["findings"]["digest"] == result["ledger_sha256"]


def test_a_word_too_many_is_refused() -> None:
    with pytest.raises(jsonschema.ValidationError, match="Additional properties"):
        jsonschema.validate({"home": "x", "joules": 1}, result_schema(), cls=jsonschema.Draft202012Validator)


def test_the_verb_prints_it() -> None:
    done = CliRunner().invoke(commands, ["schema", "--of", "result"])
    assert json.loads(done.stdout) == result_schema()
    assert json.loads(CliRunner().invoke(commands, ["schema"]).stdout)["title"] == "Home"
