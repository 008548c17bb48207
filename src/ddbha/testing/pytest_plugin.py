"""The pytest plugin: a world for each test, and clients of it.  Everything else is imported when used."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

_SIGNATURE = "ddbha(regions=, tables=, and the arguments of World)"
_MARKER = f"{_SIGNATURE}: the world of this test"
_EXPLORE = "ddbha_explore(seeds=, faults=): run the test, which takes ddbha_trial, under many schedules"
_WORLD = pytest.StashKey[Any]()
_PAGE = pytest.StashKey[Any]()
_ANSWERS = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line."""
    group = parser.getgroup("ddbha", "DynamoDB inside the test process")
    group.addoption("--ddbha-seed", type=int, help="The seed of every world, whatever markers say.")
    group.addoption(
        "--ddbha-html-dir",
        help="Write the story of each schedule that breaks an explored test to a page in this directory.",
    )
    group.addoption(
        "--ddbha-resilience",
        nargs="?",
        const="all",
        help="Run each test again under faults, one at each of its requests; of the named kinds or all.",
    )
    group.addoption(
        "--ddbha-resilience-budget",
        type=int,
        default=200,
        help="How many runs under faults each test gets at most; which ones is drawn by its name.",
    )
    group.addoption(
        "--ddbha-resilience-at", type=int, help="Only at this request of each test, counted from 1."
    )
    group.addoption(
        "--ddbha-resilience-strict",
        action="store_true",
        help="Fail if a test is wrong under a fault.",
    )
    group.addoption(
        "--ddbha-endpoint-url",
        help="Run the tests against an existing engine; those that need a world of ddbha are skipped.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The markers, and what runs tests under faults if that is asked for."""
    if config.getoption("--ddbha-resilience"):
        from ddbha.errors import UsageError
        from ddbha.testing.resilience_plugin import ResiliencePlugin

        try:
            config.pluginmanager.register(ResiliencePlugin(config), "ddbha-resilience")
        except UsageError as error:
            raise pytest.UsageError(f"--ddbha-resilience: {error}") from None
    config.addinivalue_line("markers", _MARKER)
    config.addinivalue_line("markers", _EXPLORE)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """See at once whether anything answers at the endpoint that the tests are to use."""
    url = session.config.getoption("--ddbha-endpoint-url")
    # What hands tests out to other processes asks for them all.
    if not url or hasattr(session.config, "workerinput"):
        return
    from ddbha.errors import UsageError
    from ddbha.testing.endpoint import probe

    try:
        session.config.stash[_ANSWERS] = probe(url)
    except UsageError as error:
        raise pytest.UsageError(f"--ddbha-endpoint-url: {error}") from None


def pytest_report_header(config: pytest.Config) -> str | None:
    """What answers there."""
    said = config.stash.get(_ANSWERS, None)
    return None if said is None else f"ddbha: {said}"


@pytest.fixture
def ddbha_tables() -> Iterable[dict[str, Any]]:
    """The tables that exist when a test begins, as requests of CreateTable or answers of DescribeTable.

    Override it in a module, class or conftest.
    """
    return ()


@pytest.fixture
def ddbha_world(request: pytest.FixtureRequest, ddbha_tables: Iterable[dict[str, Any]]) -> Iterator[Any]:
    """A `World` for this test alone; with --ddbha-endpoint-url, what makes clients of that engine."""
    if request.node.get_closest_marker("ddbha_explore"):
        pytest.fail("A test with ddbha_explore takes ddbha_trial; the world is ddbha_trial.world.")
    options = _options(request.node)
    regions = list(options.pop("regions", None) or ["us-east-1"])
    tables = [*ddbha_tables, *options.pop("tables", ())]
    url = request.config.getoption("--ddbha-endpoint-url")
    if url:
        from ddbha.testing.endpoint import EndpointWorld

        if options:
            wanted = ", ".join(f"{name}={value!r}" for name, value in options.items())
            pytest.skip(f"{url} is no world of ddbha, as this needs: @pytest.mark.ddbha({wanted})")
        world: Any = EndpointWorld(url, regions[0])
    else:
        from ddbha.errors import UsageError
        from ddbha.testing.workbench import TestWorld

        seed = request.config.getoption("--ddbha-seed")
        if seed is not None:
            options["seed"] = seed
        try:
            world = TestWorld(regions[0], **options)
        except UsageError as error:
            pytest.fail(f"The marker is {_SIGNATURE}. {error}", pytrace=False)
        request.node.stash[_WORLD] = world
    try:
        for region in regions:
            for table in tables:
                world.declare(table, region)
        yield world
    finally:
        world.close()
        # A session of thousands of tests must not keep the world of each.
        request.node.stash[_WORLD] = None


@pytest.fixture
def dynamodb_client(ddbha_world: Any) -> DynamoDBClient:
    """A DynamoDB client in the first of the test's regions."""
    client: DynamoDBClient = ddbha_world.client("dynamodb")
    return client


@pytest.fixture
def dynamodb_resource(ddbha_world: Any) -> DynamoDBServiceResource:
    """A DynamoDB resource in the first of the test's regions."""
    resource: DynamoDBServiceResource = ddbha_world.resource("dynamodb")
    return resource


@pytest.fixture
def dynamodbstreams_client(ddbha_world: Any) -> DynamoDBStreamsClient:
    """A DynamoDB Streams client in the first of the test's regions."""
    client: DynamoDBStreamsClient = ddbha_world.client("dynamodbstreams")
    return client


@pytest.fixture
def ddbha_trial(request: pytest.FixtureRequest) -> Any:
    """The `Trial` of a test with the marker ddbha_explore: a new one for each schedule."""
    if request.node.get_closest_marker("ddbha_explore") is None:
        pytest.fail("ddbha_trial is for tests with the marker ddbha_explore.")
    if request.config.getoption("--ddbha-endpoint-url"):
        pytest.skip("exploring needs a world of ddbha")
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Explore the tests that ask for it."""
    marker = pyfuncitem.get_closest_marker("ddbha_explore")
    if marker is None or "ddbha_trial" not in pyfuncitem.funcargs:
        return None
    from ddbha.testing.exploration import FailingSchedule, explore

    options = {"seeds": 50, **marker.kwargs}
    if isinstance(options["seeds"], int):
        options["seeds"] = range(options["seeds"])
    if pyfuncitem.config.getoption("--ddbha-seed") is not None:
        options["seeds"] = [pyfuncitem.config.getoption("--ddbha-seed")]
    # A fixture's function: the test with what it asked for.
    names = pyfuncitem._fixtureinfo.argnames
    given = {name: pyfuncitem.funcargs[name] for name in names if name != "ddbha_trial"}

    def scenario(trial: Any) -> None:
        pyfuncitem.obj(ddbha_trial=trial, **given)

    scenario.__name__ = pyfuncitem.name
    directory = pyfuncitem.config.getoption("--ddbha-html-dir")
    if directory is not None:
        options.setdefault("html", _page(Path(directory), pyfuncitem.nodeid))
    try:
        explore(scenario, **options)
    except FailingSchedule:
        if "html" in options:
            pyfuncitem.stash[_PAGE] = options["html"]
        raise
    return True


def _page(directory: Path, test: str) -> Path:
    """A file for a test's story, with a name that every file system takes and no other test has."""
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{_file_name(test)}.html"


def _file_name(test: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", test).strip("-")[-80:]
    return f"{plain}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """End the report of a failing test with its world."""
    outcome: Any = yield
    report = outcome.get_result()
    if call.when == "call" and report.failed:
        again = f"pytest '{item.nodeid}' --ddbha-seed="
        world = item.stash.get(_WORLD, None)
        if world is not None:
            report.sections.append(("ddbha", f"{again}{world.seed}\n{_timeline(item, world, call)}"))
        seed = getattr(getattr(call.excinfo, "value", None), "seed", None)
        if item.get_closest_marker("ddbha_explore") and seed is not None:
            page = item.stash.get(_PAGE, None)
            shown = "" if page is None else f"\nits story as a page: {page}"
            report.sections.append(("ddbha", f"{again}{seed}{shown}"))


def _timeline(item: pytest.Item, world: Any, call: pytest.CallInfo[None]) -> str:
    """What happened in the world of a test: what fits on a screen, and where the rest is."""
    columns = item.config.get_terminal_writer().fullwidth
    failure = None if call.excinfo is None else call.excinfo.value
    shown, left_out = world.told(failure, columns, shutil.get_terminal_size().lines)
    if not left_out:
        return str(shown)
    cache = getattr(item.config, "cache", None)
    directory = Path(tempfile.mkdtemp(prefix="ddbha-")) if cache is None else Path(cache.mkdir("ddbha"))
    path = directory / f"{_file_name(item.nodeid)}.txt"
    path.write_text(world.story, encoding="utf-8")
    return f"{shown}\n{left_out} before that, and all requests and answers in full: {path}"


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """In which attributes items differ, without their types."""
    if op != "==" or config.get_verbosity(pytest.Config.VERBOSITY_ASSERTIONS) > 1:
        return None
    from ddbha.testing.item_diffs import difference

    return difference(left, right)


def _options(node: Any) -> dict[str, Any]:
    options: dict[str, Any] = {}
    # The closest marker has the last word.
    for marker in reversed(list(node.iter_markers("ddbha"))):
        options.update(marker.kwargs)
        if marker.args:
            pytest.fail(f"The marker is {_SIGNATURE}: it takes keywords only.")
    return options
