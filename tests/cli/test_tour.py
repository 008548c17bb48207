"""The tour runs from the command line and says what happened."""

from __future__ import annotations

import pydoc
import re
from pathlib import Path

import pytest

from ddbha.cli.commands import main
from ddbha.cli.tour import GO_ON
from ddbha.testing import pytest_plugin


@pytest.fixture(scope="module")
def steps() -> dict[str, str]:
    """What the tour prints, by heading."""
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda text: printed.append(text))
        main(["tour"])
    parts = re.split(r"^(.+)\n-{4,}$", "\n".join(printed), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def step(steps: dict[str, str], words: str) -> str:
    (found,) = [text for heading, text in steps.items() if words in heading]
    return found


def test_a_lost_zone_fails_over_and_catches_up(steps: dict[str, str]) -> None:
    lost, returned = step(steps, "A zone is lost").split("Failover:")
    assert "us-east-1a DOWN 200, us-east-1b* UP 400, us-east-1c UP 400" in lost
    assert "us-east-1b was elected, and leads in term 2" in returned
    assert "us-east-1a UP 400, us-east-1b* UP 400" in returned


def test_without_a_quorum_reads_go_on_and_writes_do_not(steps: dict[str, str]) -> None:
    text = step(steps, "Two zones are lost")
    assert "An eventually consistent read still answers: paid" in text
    assert re.search(r"A write is refused after \d+ retries: .*InternalServerError", text)
    assert "200 of 200 orders are paid" in step(steps, "Both zones return")


def test_the_table_scales_out(steps: dict[str, str]) -> None:
    text = step(steps, "scales out")
    # 2000 / 1000 for writes and 3000 / 3000 for reads.
    assert "from 1 partition into 3" in text
    assert len(re.findall(r"partition \d+ term", text)) == 3


def test_a_second_region_joins(steps: dict[str, str]) -> None:
    text = step(steps, "global table")
    assert "is read in eu-west-1: shipped" in text
    assert "eu-west-1a" in text


def test_regions_diverge_and_merge(steps: dict[str, str]) -> None:
    apart, merged = step(steps, "lose each other").split("The network is back.")
    assert "us-east-1: cancelled\n  eu-west-1: delivered" in apart
    assert "us-east-1: delivered\n  eu-west-1: delivered" in merged
    assert "write-conflict-resolved table=orders key=('order-2',) winner=eu-west-1" in merged


def test_both_ways_back(steps: dict[str, str]) -> None:
    backup = step(steps, "Backup and restore")
    assert "The table now says:      overwritten by mistake" in backup
    assert "The restored one says:   paid" in backup
    rewound = step(steps, "Point-in-time")
    assert "the table has 0." in rewound
    assert "Restored to one second before, there are 200." in rewound


def test_what_to_go_on_with_is_there_where_ddbha_is_installed(
    steps: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = step(steps, "Go on")
    for command in GO_ON:
        assert command in told
        program, *arguments = command.split()
        if program == "ddbha":
            with pytest.raises(SystemExit) as ended:
                main([*arguments, "--help"])
            assert ended.value.code == 0
        elif program == "python":
            assert pydoc.locate(arguments[-1]) is not None
        else:
            assert arguments[-1] in (Path(pytest_plugin.__file__)).read_text(encoding="utf-8")
    assert "usage" in capsys.readouterr().out
