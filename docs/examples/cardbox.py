"""A whole adapter, for a vendor that does not exist: Cardbox, JSON over HTTP. docs/new-connector.md explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

from connectors.options import Options
from connectors.transport import Line, Tools, session
from core.actions import Annotate, Clear, Command, Erase, Note, Redact, Restrict, Suppress, redacted
from core.connector import Account, AlreadyDone, Capabilities, Changed, Done, Gone, Operator, Receipt, Refused
from core.errors import BadAnswer, ConfigError, NotAllowed, TryLater, Unreachable
from core.model import Channel, Moment, Objection, Page, Query, Record, Ref
from core.schema import Property, Schema, Shape

KIND, REPLY, RESTRICTED, SIZE = "card", "last_reply", "repoussoir_restricted", 100
FLAGS: dict[Channel, str] = {"email": "no_mail", "telephone": "repoussoir_no_telephone"}
SHAPES: dict[str, Shape] = {"string": "text", "memo": "longtext", "flag": "bool"}
WRITES = ("suppress", "restrict", "redact", "clear", "erase", "annotate")


class CardboxOptions(Options):
    """One Cardbox account."""

    imported: tuple[str, ...] = ("import", "sync")
    """Sources of a card that mean an import: then its creation date is not the date of collection."""

    cascade: tuple[()] = ()
    """Nothing: Cardbox deletes the notes of a card along with it."""


class Row(dict[str, Any]):
    """A JSON object of the vendor. What it lacks is never taken for empty."""

    def __missing__(self, name: str) -> Any:
        raise BadAnswer(f"Cardbox: an answer without {name!r}")


class Api:
    """Every call to the vendor. A status that says something of one card is an answer, any other one an error."""

    def __init__(self, crm: str, options: CardboxOptions, tools: Tools) -> None:
        self._base = options.base_url or "https://api.cardbox.example"
        self._http = session(options.timeout)
        self._http.headers["Authorization"] = f"Bearer {options.token.get_secret_value()}"
        self._line = Line(crm, lambda _: None, {"default": ((90, 10.0),)}, tools)

    def call(self, what: str, method: str, *path: str, safe: bool = True, **more: Any) -> tuple[int, Row]:
        """One call: its status, and its body where there is one."""
        url = "/".join([self._base, *(quote(part, safe="") for part in path)])

        def run() -> tuple[int, Row]:
            answer = self._http.request(method, url, **more)
            status, wait = answer.status_code, answer.headers.get("Retry-After", "")
            if status in {401, 403}:
                raise NotAllowed(f"Cardbox refused {what} ({status})")
            if status == 429 or status >= 500:
                after = float(wait) if wait.isdecimal() else None
                raise TryLater(f"status {status}", after=after)
            if status not in {200, 201, 204, 404, 412, 422}:
                raise BadAnswer(f"Cardbox answered {what} with {status}")
            return status, answer.json(object_hook=Row) if status in {200, 422} else Row()

        return self._line.call(what, run, safe=safe)

    def read(self, what: str, *path: str, **query: Any) -> Row:
        """The body of a GET. That of another status is empty, and so raises when it is looked into."""
        return self.call(what, "GET", *path, params=query)[1]


def moment(text: str) -> datetime:
    """A date of the vendor. Raises ValueError on one that could be of any time zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no offset")
    return found.astimezone(UTC)


def record(crm: str, card: Row, wanted: Sequence[str], imported: Sequence[str]) -> Record:
    """A card as a record."""
    try:
        fields, source, created = card["fields"], card["source"], moment(card["created"])
        closed = [channel for channel, flag in FLAGS.items() if fields.get(flag)]
        return Record(
            ref=Ref(crm, KIND, card["id"]), version=card["version"],
            emails=tuple(card["emails"]), phones=tuple(card["phones"]),
            values={name: str(fields[name]) for name in wanted if fields.get(name)},
            created=created, collected=None if source in imported else created, origin=source,
            inbound=(Moment(moment(card[REPLY]), REPLY),) if card.get(REPLY) else (),
            unreadable=() if REPLY in card else (REPLY,),  # a field hidden from us does not say "never"
            signals=frozenset({"customer_stage"} if card["customer"] else ()),
            objections=tuple(Objection(channel, FLAGS[channel]) for channel in closed),
            suppressed=frozenset(closed), restricted=bool(fields.get(RESTRICTED)),
        )  # fmt: skip
    except (AttributeError, TypeError, ValueError):
        raise BadAnswer("Cardbox: a card is not understood") from None  # the error itself would quote a value


def wish(command: Command, card: Row) -> dict[str, Any]:
    """The fields as an action wants them. Raises ValueError when it does not fit the card."""
    match command.action:
        case Suppress(channels):
            return {FLAGS[channel]: True for channel in channels}
        case Restrict():
            return {RESTRICTED: True}
        case Clear(properties, ()):
            return dict.fromkeys(properties)
        case Redact(name, spans):
            return {name: redacted(card["fields"].get(name) or "", spans)}
    raise ValueError("Cardbox has no multiple choices")


def left(card: Row, wanted: dict[str, Any]) -> dict[str, Any]:
    """The part of a wish that is not so yet."""
    return {name: value for name, value in wanted.items() if (card["fields"].get(name) or None) != value}


class Cardbox:
    """One account, as `core.connector.Connector` says."""

    capabilities = Capabilities(
        kinds=(KIND,), actions=dict.fromkeys(WRITES, (KIND,)), batch=dict.fromkeys(WRITES, SIZE), reads=SIZE,
        scopes={**dict.fromkeys(WRITES, ("write",)), "scan": ("read",), "users": ("admin",), "erase": ("delete",)},
        native={KIND: ("email",)}, remains={"erase": "Cardbox keeps its backups for 14 days"}, inbound=(REPLY,),
    )  # fmt: skip

    def __init__(self, crm: str, options: CardboxOptions, tools: Tools) -> None:
        self._crm, self._options, self._api = crm, options, Api(crm, options, tools)

    def check(self) -> Account:
        me = self._api.read("me", "me")
        missing = {scope for scopes in self.capabilities.scopes.values() for scope in scopes} - set(me["rights"])
        blind = () if me["sees"] == "all" else ("The token sees only the cards of its own team.",)
        undeclared = () if "read" in missing else self._undeclared()
        return Account(
            id=me["account"], name=me["name"], missing=tuple(sorted(missing)), blind=blind, undeclared=undeclared
        )

    def declare(self) -> tuple[str, ...]:
        made = self._undeclared()
        for name in made:
            self._api.call("fields.put", "PUT", "fields", name, json={"label": name, "type": "flag"})
        return made

    def _undeclared(self) -> tuple[str, ...]:
        known = self.schema(KIND)
        return tuple(name for name in (FLAGS["telephone"], RESTRICTED) if not known.get(name))

    def schema(self, kind: str) -> Schema:
        rows = [(row, SHAPES.get(row["type"], "other")) for row in self._api.read("fields.list", "fields")["fields"]]
        found = (Property(name=row["name"], label=row["label"], shape=shape, custom=True) for row, shape in rows)
        return Schema(self._crm, kind, tuple(found))

    def scan(self, query: Query) -> Iterator[Page]:
        after: str | None = ""
        while after is not None:
            body = self._api.read("cards.list", "cards", after=after, limit=SIZE)
            if body["next"] == after:
                raise BadAnswer("Cardbox: the cursor does not move")
            after = body["next"]
            yield Page(tuple(self._record(card, query.properties) for card in body["cards"]), last=after is None)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        cards = self._cards([ref.id for ref in refs])
        return {ref: self._record(cards[ref.id], properties) if ref.id in cards else None for ref in refs}

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        cards = self._cards([command.ref.id for command in batch])
        for command in batch:
            yield self._one(command, cards[command.ref.id]) if command.ref.id in cards else Gone()

    def users(self) -> Iterator[Operator]:
        for row in self._api.read("users.list", "users")["users"]:
            yield Operator(id=row["id"], name=row["name"], active=row["active"], admin=row["admin"])

    def _record(self, card: Row, wanted: Sequence[str]) -> Record:
        return record(self._crm, card, wanted, self._options.imported)

    def _cards(self, ids: Sequence[str]) -> dict[str, Row]:
        """By the id each card has itself: one merged away is answered under its survivor's, and so is not there."""
        chunks = (ids[start : start + SIZE] for start in range(0, len(ids), SIZE))
        bodies = (self._api.read("cards.list", "cards", ids=",".join(chunk)) for chunk in chunks)
        return {card["id"]: card for body in bodies for card in body["cards"]}

    def _one(self, command: Command, card: Row) -> Receipt:
        match command.action:
            case Annotate(note):
                return self._note(card, note)
            case _ if card["version"] != command.version:
                return Changed()
            case Erase():
                return self._write(command, "DELETE")
        try:
            change = left(card, wish(command, card))
        except ValueError as error:
            return Refused(str(error))
        return self._write(command, "PATCH", change) if change else AlreadyDone()

    def _note(self, card: Row, note: Note) -> Receipt:
        """Put under its own id, so that twice is once."""
        status, _ = self._api.call("notes.put", "PUT", "cards", card["id"], "notes", note.id, json={"text": note.text})
        return Gone() if status == 404 else Done() if status == 201 else AlreadyDone()

    def _write(self, command: Command, method: str, change: dict[str, Any] | None = None) -> Receipt:
        """Only on the version that was read. A lost answer is settled by reading, never by writing once more."""
        more = {"headers": {"If-Match": command.version}, "json": change and {"fields": change}}
        try:
            status, card = self._api.call("cards.write", method, "cards", command.ref.id, safe=False, **more)
        except (Unreachable, BadAnswer):
            now = self._cards([command.ref.id]).get(command.ref.id)
            if now is not None and (change is None or left(now, change)):
                raise
            status, card = (404 if now is None and change else 200), now or Row()
        if status in {404, 412}:
            return Gone() if status == 404 else Changed()
        if status == 422:
            return Refused(f"Cardbox refuses it: {card['code']}")
        if change is None:
            return Done(remains=self.capabilities.remains["erase"])
        kept = left(card, change)  # a vendor may refuse without a word
        return Refused(f"Cardbox kept {', '.join(kept)}") if kept else Done(card["version"])


OPTIONS = CardboxOptions


def connect(crm: str, options: Options, tools: Tools) -> Cardbox:
    """A connector for the account called `crm` in the configuration. Calls nothing yet."""
    if not options.token.get_secret_value():
        raise ConfigError(f"{crm} has no token.", f"Put it into the file crm__{crm}__token of the secrets directory.")
    return Cardbox(crm, cast(CardboxOptions, options), tools)
