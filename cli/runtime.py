"""Everything wired together for one command: the configuration, the store, the connectors, and the core's parts on top."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from cli.config import Config, anchors, judge
from connectors.registry import adapter
from connectors.transport import Tools, is_loopback
from core.apply import Applier
from core.connector import Connector
from core.errors import ConfigError
from core.identity import Identity, Keyring
from core.judge import Judge
from core.model import Ref
from core.outcomes import Outcomes
from core.read import Progress, Reader
from core.store.runs import Lock
from core.store.store import Store

LOCK = "write"


def clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The wired parts. `crms` are those that this command speaks to; the others of the configuration leave a gap."""

    config: Config
    store: Store
    keyring: Keyring
    judge: Judge
    connectors: Mapping[str, Connector]
    tools: Tools
    stopping: Callable[[], bool]
    lock: Lock

    @property
    def identity(self) -> Identity:
        """How identifiers are read here."""
        return Identity(self.keyring, self.config.phone_region, self.config.people.generic_mailboxes)

    @property
    def gaps(self) -> tuple[str, ...]:
        """The CRMs of the configuration that this command leaves out."""
        return tuple(f"{crm}: left out of this command" for crm in self.config.crm if crm not in self.connectors)

    @property
    def anchors(self) -> dict[str, Ref]:
        """The records that carry the notes about erased people, by CRM."""
        return anchors(self.config)

    @property
    def on_sandbox(self) -> bool:
        """True when every CRM is on this very machine: only then may a what-if plan be applied."""
        return all(options.base_url and is_loopback(options.base_url) for options in self.config.crm.values())

    def reader(self, progress: Progress = lambda *_: None) -> Reader:
        """The scanner of the first pass."""
        expected = {crm: options.account for crm, options in self.config.crm.items() if options.account}
        limits = self.config.brakes.brakes()
        return Reader(self.store, self.identity, self.judge, expected, self.tools.now, progress, limits)

    def applier(self, lock: Lock, step: Callable[[int], None] = lambda _: None) -> Applier:
        """The loop that writes; it renews the lock between batches, and stops there when asked to."""

        def between() -> bool:
            lock.renew()
            return self.stopping()

        return Applier(
            self.store, self.connectors, self.judge, self.reader(), Outcomes(self.store),
            self.config.brakes.brakes(), self.tools.now, between, step,
        )  # fmt: skip

    @contextmanager
    def writing(self) -> Iterator[Lock]:
        """Holds the lock that only one process at a time may write under. Raises Busy."""
        with self.lock.held():
            yield self.lock


def keyring(config: Config) -> Keyring:
    """The keyring of the configuration. Raises KeyProblem."""
    secrets = {name: secret.get_secret_value().encode() for name, secret in config.keys.secrets.items()}
    return Keyring(secrets, config.keys.current)


def open_store(config: Config) -> Store:
    """The store of the configuration. Raises StoreProblem."""
    store = config.store
    return Store(store.url, keep_entries=store.keep_suppression, keep_tombstones=store.keep_tombstones)


@contextmanager
def runtime(
    config: Config,
    crms: tuple[str, ...] = (),
    tools: Tools | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Runtime]:
    """The wired parts for a command; `crms` limits it to some accounts. The HMAC key is confirmed before anything else."""
    unknown = set(crms) - set(config.crm)
    if unknown:
        known = ", ".join(config.crm) or "none"
        raise ConfigError(f"There is no CRM {sorted(unknown)[0]!r} in the configuration.", f"There are: {known}.")
    tools = tools or Tools(now=clock)
    keys = keyring(config)
    store = open_store(config)
    try:
        store.keys.confirm(keys, tools.now())
        lock = store.lock(LOCK, uuid4().hex, tools.now)
        tools = replace(tools, beat=lock.beat)
        wanted = {crm: options for crm, options in config.crm.items() if not crms or crm in crms}
        connectors = {crm: adapter(o.connector).connect(crm, o, tools) for crm, o in wanted.items()}
        if len(connectors) == len(config.crm):
            _check_rules(config, connectors)
        yield Runtime(config, store, keys, judge(config), connectors, tools, stopping, lock)
    finally:
        store.close()


def _check_rules(config: Config, connectors: Mapping[str, Connector]) -> None:
    """Raises ConfigError for a retention rule that names a CRM or a kind of record that is not there: it would match nothing."""
    kinds = {kind for connector in connectors.values() for kind in connector.capabilities.kinds}
    for name, rule in config.retention.rules.items():
        for given, known, what in ((rule.crms, set(connectors), "crms"), (rule.kinds, kinds, "kinds")):
            unknown = sorted(set(given) - known)
            if unknown and connectors:
                raise ConfigError(
                    f"retention.rules.{name}.{what} names {unknown[0]!r}, which is not there.",
                    f"Known are: {', '.join(sorted(known))}.",
                )
