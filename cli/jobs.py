"""One scheduled job, from its run id to its notice: whatever goes wrong becomes an outcome, never a dead scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from uuid import uuid4

import structlog

from cli import exits
from cli.config import Config
from cli.duties import FAILED, Ended, do, failure
from cli.metrics import Metrics
from cli.notify import notices, notify, sentence
from cli.runtime import Runtime, clock, open_store, runtime
from connectors.transport import Tools
from core.errors import ConfigError
from core.settings import JobSettings
from core.store.store import Store

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Jobs:
    """The jobs of a configuration. `stopping` says when to stop after the batch in hand.

    `unrecorded` are the jobs whose last run could not be written to the store, with its outcome.
    """

    config: Config
    stopping: Callable[[], bool] = lambda: False
    tools: Tools = field(default_factory=lambda: Tools(now=clock))
    metrics: Metrics = field(init=False)
    unrecorded: dict[str, str] = field(default_factory=dict)
    _opening: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Figures for every job, at nought."""
        self.metrics = Metrics(self.config.schedule.jobs)

    def perform(self, name: str) -> int:
        """Does a job now and answers its exit code. Raises ConfigError when there is none of that name."""
        job = self._known(name)
        if self.stopping():
            log.info("job.skipped", job=name)
            return exits.INTERRUPTED
        run = uuid4().hex[:12]
        with structlog.contextvars.bound_contextvars(job=name, run=run):
            log.info("job.begin", do=job.do)
            began = self.tools.now()
            ended = self._recorded(name, job, run)
            seconds = (self.tools.now() - began).total_seconds()
            say = log.error if ended.outcome == FAILED else log.info
            told = {"outcome": ended.outcome, "code": ended.code, "seconds": seconds, "why": sentence(ended.summary)}
            say("job.end", **told, head=ended.summary.get("ledger_head", ""))
            self.metrics.ended(name, ended.outcome, seconds, ended.summary)
            self._tell(name, run, ended)
        return ended.code

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store for the thread that asks. Opening one migrates it, which two threads must not do at once."""
        with self._opening:
            store = open_store(self.config)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def _runtime(self) -> Iterator[Runtime]:
        with ExitStack() as stack:
            with self._opening:
                parts = stack.enter_context(runtime(self.config, tools=self.tools, stopping=self.stopping))
            yield parts

    def _known(self, name: str) -> JobSettings:
        try:
            return self.config.schedule.jobs[name]
        except KeyError:
            known = ", ".join(self.config.schedule.jobs) or "none"
            raise ConfigError(f"There is no job {name!r}.", f"The configuration has: {known}.") from None

    def _recorded(self, name: str, job: JobSettings, run: str) -> Ended:
        """Does a job between its two lines in the store. A store that cannot be written is a failure of its own."""
        try:
            with self.store() as store:
                store.runs.begin(run, name, self.tools.now())
            ended = self._done(job)
            with self.store() as store:
                store.runs.end(run, ended.outcome, ended.summary, self.tools.now())
        except Exception as error:
            ended = failure(error)
            self.unrecorded[name] = ended.outcome
        else:
            self.unrecorded.pop(name, None)
        return ended

    def _done(self, job: JobSettings) -> Ended:
        try:
            with self._runtime() as parts:
                return do(job, parts)
        except Exception as error:
            return failure(error)

    def _tell(self, name: str, run: str, ended: Ended) -> None:
        """Sends the notices; what was left because we were asked to stop is none."""
        troubled = ended.summary.get("gaps") or ended.summary.get("stopped")
        if self.stopping() and ended.code == exits.INCOMPLETE and not troubled:
            return
        for notice in notices(name, run, ended.code, ended.summary):
            notify(self.config.notify, notice)
