"""Writing to persons. Every batch is read again right before: Pipedrive has no conditional write (pipedrive.md §4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from connectors.pipedrive import cascade, notes, wishes
from connectors.pipedrive.client import Api, Invalid, Missing, Row
from connectors.pipedrive.clock import MAILED
from connectors.pipedrive.options import CASCADE, PipedriveOptions
from connectors.pipedrive.records import MARKETING, UNSUBSCRIBED, status, suppressed, version
from connectors.pipedrive.scan import KEYS, READS, Keys, Reader, batched
from connectors.pipedrive.schema import PERSON, Layout, filled
from connectors.pipedrive.wishes import CUSTOM, Wish
from core.actions import Action, Annotate, Anonymise, Bin, Clear, Command, Erase, Redact, Restrict, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, NotAllowed, Unreachable

HISTORY = "Pipedrive's changelog keeps the old values until the person is purged"
SHELL = f"{HISTORY}; notes, activities, files, mails, deals and leads keep what they hold"
BIN = "Pipedrive keeps the person, its changelog included, for 30 days, and users can restore it"
_KEPT_FOR = timedelta(days=30)
_WISHES: dict[type, Callable[[Row, Any, Layout], Wish]] = {
    Restrict: wishes.restrict,
    Redact: wishes.redact,
    Clear: wishes.clear,
}
_REMAINS: dict[type, str] = {Redact: HISTORY, Clear: HISTORY}


class Writer:
    """Applies commands to the persons of one account."""

    def __init__(self, api: Api, reader: Reader, options: PipedriveOptions) -> None:
        self._api, self._reader, self._options = api, reader, options
        self._do: dict[type, Callable[[Row, Command], Receipt]] = {
            Suppress: self._suppress,
            Restrict: self._patch,
            Redact: self._patch,
            Clear: self._patch,
            Anonymise: self._anonymise,
            Bin: self._delete,
            Erase: self._delete,
            Annotate: lambda row, command: self._noted(command),
        }

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """One receipt a command, in order. A person with children to erase, which takes long, is read again in its turn."""
        for some in batched(batch, READS):
            ids = [int(one.ref.id) for one in some if _is_person(one)]
            rows = self._reader.rows(ids, self._passes(some))
            for command in some:
                yield self._one(command, rows)

    def _one(self, command: Command, rows: dict[int, Row]) -> Receipt:
        try:
            if not _is_person(command):
                return self._anchored(command)
            row = rows.get(int(command.ref.id))
            return self._do[type(command.action)](row, command) if row else Gone()
        except Missing:
            if _is_person(command) and self._reader.rows([int(command.ref.id)], [()]):
                raise BadAnswer("Pipedrive: something of a person that is there was answered 404") from None
            return Gone()
        except Invalid as error:
            return Refused(str(error))

    def _passes(self, batch: Sequence[Command]) -> list[Keys]:
        """The custom fields that count for certain, and the others if the vendor adds them by itself: see _guard."""
        if all(isinstance(one.action, Bin | Erase) for one in batch):
            return [()]
        known = self._reader.layout()
        everything = any(isinstance(one.action, Anonymise) for one in batch)
        names = known.fields if everything else (name for one in batch for name in _properties(one.action))
        return [(), *batched(known.keys(names), KEYS)]

    # --- changing ---

    def _patch(self, row: Row, command: Command) -> Receipt:
        wish = _WISHES[type(command.action)](row, command.action, self._reader.layout())
        remains = _REMAINS.get(type(command.action), "")
        if not wish.body and not wish.problems:
            return AlreadyDone(remains)
        if version(row) != command.version:
            return Changed()
        after = self._change(row, wish)
        return _receipt(after, (*wish.problems, *_kept(wish.left(after))), remains)

    def _suppress(self, row: Row, command: Command) -> Receipt:
        """The marketing status where there is one, declared fields elsewhere."""
        known, action = self._reader.layout(), command.action
        assert isinstance(action, Suppress)
        if suppressed(row, known).issuperset(action.channels):
            return AlreadyDone()
        if version(row) != command.version:
            return Changed()
        wish = wishes.suppress(row, action, known)
        if MARKETING in wish.plain:
            after, said = self._unsubscribe(row, wish, action)
        else:
            after, said = self._change(row, wish), wish.problems
        missed = [channel for channel in action.channels if channel not in suppressed(after, known)]
        return _receipt(after, (f"not suppressed: {', '.join(missed)}", *said) if missed else (), "; ".join(said))

    def _unsubscribe(self, row: Row, wish: Wish, action: Suppress) -> tuple[Row, tuple[str, ...]]:
        """Sets the status and, when it does not hold, the declared fields: refused out loud the rest of the wish was too.

        What an account without Campaigns, or a user without a right to it, is answered is not documented (§4.4).
        """
        known = self._reader.layout()
        with suppress(Invalid, NotAllowed):
            row = self._change(row, wish)
        row = self._reader.again(row, known.keys())
        if row.get(MARKETING) == UNSUBSCRIBED:
            return row, wish.problems
        instead = wishes.marks(row, action.channels, known)
        row = self._change(row, instead)
        return row, (f"Pipedrive keeps {MARKETING} {status(row)}", *_named(instead, known), *instead.problems)

    def _anonymise(self, row: Row, command: Command) -> Receipt:
        wish, rest = wishes.anonymise(row, self._reader.layout()), wishes.detach(row)
        if not wish.body and not rest.body and not row.get("picture_id"):
            return AlreadyDone(SHELL)
        if version(row) != command.version:
            return Changed()
        after = self._change(row, wish)
        with suppress(Invalid):
            after = self._change(after, rest)
        if row.get("picture_id"):
            cascade.delete_picture(self._api, row)
            after = self._reader.again(after, tuple(wish.custom))
        return _receipt(after, _kept((*wish.left(after), *rest.left(after), *wishes.old_names(after))), SHELL)

    def _change(self, row: Row, wish: Wish) -> Row:
        """PATCHes a person and answers it as it is then. A lost answer is read back before anything is repeated."""
        if not wish.body:
            return row
        path, keys = f"persons/{row['id']}", tuple(wish.custom | (row.get(CUSTOM) or {}))
        try:
            answer = self._api.write("persons.update", "patch", path, wish.body)
        except Unreachable:
            answer = self._reader.again(row, keys)
            if wish.left(answer):
                if version(answer) != version(row):
                    raise
                answer = self._api.write("persons.update", "patch", path, wish.body)
        if (
            not isinstance(answer, dict)
            or not {"update_time", CUSTOM} <= answer.keys()
            or answer.get("id") != row["id"]
        ):
            answer = self._reader.again(row, keys)
        self._guard(row, answer, wish)
        untouched = {code: value for code, value in (row.get(CUSTOM) or {}).items() if code not in wish.custom}
        return {**row, **answer, CUSTOM: untouched | answer[CUSTOM]}

    def _guard(self, row: Row, answer: Row, wish: Wish) -> None:
        """Stops everything should a change of one custom field ever empty the others: that it does not is unsaid (§13)."""
        lost = _lost(row, answer, wish)
        if lost and _lost(row, self._reader.again(row, lost), wish):
            raise BadAnswer("Pipedrive: changing a custom field emptied others of the person")

    # --- deleting ---

    def _delete(self, row: Row, command: Command) -> Receipt:
        children = self._children(command.action)
        if unknown := sorted(set(children) - set(CASCADE)):
            return Refused(f"Pipedrive has no children called {', '.join(unknown)}")
        if version(row) != command.version:
            return Changed()
        return self._with_children(row, command, children) if children else self._end(row, cascade.Family(row["id"]))

    def _with_children(self, row: Row, command: Command, names: tuple[str, ...]) -> Receipt:
        """Looks at the person when its children are listed, and again when some are gone: right before each is deleted."""
        family, clock = cascade.listed(self._api, row["id"], names), self._reader.clock
        before = clock.before(row)
        clock.hear(family.activities)
        row = self._look(row)
        if version(row) != command.version or before.is_news(clock.of(row)):
            return Changed()
        return self._end(row, family)

    def _end(self, row: Row, family: cascade.Family) -> Receipt:
        """Takes a person and its children, and says what of them went when the vendor does not let it be finished."""
        try:
            return self._take(row, family)
        except (Missing, Invalid) as error:
            if isinstance(error, Missing) and not self._reader.rows([row["id"]], [()]):
                return Gone(family.taken)
            return Refused(f"{error}; gone already: {family.taken}" if family.taken else str(error))

    def _take(self, row: Row, family: cascade.Family) -> Receipt:
        clock = self._reader.clock
        if not cascade.take(self._api, row, family):
            return Changed(family.taken)
        if family.gone:
            before, last = clock.of(row), self._look(row)
            clock.look(row["id"])
            if _edited(row, last) or before.is_news(clock.of(last)) or cascade.grown(self._api, family):
                return Changed(family.taken)
            row = last
        self._drop(row)
        return self._dropped(
            *cascade.afterlife(family.gone),
            *cascade.phrases(family.left),
            *(clock.kept(row["id"], family.children.get("activities")) if family.children else ()),
        )

    def _look(self, row: Row) -> Row:
        return self._reader.again(row, self._reader.layout().keys())

    def _dropped(self, *left: str) -> Done:
        until = (self._api.now() + _KEPT_FOR).date().isoformat()
        return Done(remains="; ".join((f"{BIN} (until {until})", *left)))

    def _drop(self, row: Row) -> None:
        """DELETEs a person. After a lost answer it is repeated only on a person that is still there, and the same."""
        path = f"persons/{row['id']}"
        try:
            self._api.write("persons.delete", "delete", path)
        except Unreachable:
            try:
                there = self._reader.again(row, ())
            except Missing:
                return
            if version(there) != version(row):
                raise
            self._api.write("persons.delete", "delete", path)

    def _children(self, action: Action) -> tuple[str, ...]:
        return (action.cascade or self._options.cascade) if isinstance(action, Erase) else ()

    # --- annotating ---

    def _anchored(self, command: Command) -> Receipt:
        """A note on an organisation or a deal, which hold no person."""
        ref = command.ref
        known = ref.kind != PERSON and ref.kind in notes.PARENTS and ref.id.isdecimal()
        return self._noted(command) if known and isinstance(command.action, Annotate) else Gone()

    def _noted(self, command: Command) -> Receipt:
        """A note only adds, so it is bound to no version."""
        assert isinstance(command.action, Annotate)
        if notes.is_there(self._api, command.ref, command.action.note):
            return AlreadyDone()
        notes.write(self._api, command.ref, command.action.note)
        return Done()


def _is_person(command: Command) -> bool:
    return command.ref.kind == PERSON and command.ref.id.isdecimal()


def _properties(action: Action) -> tuple[str, ...]:
    if isinstance(action, Clear):
        return action.properties
    return (action.property,) if isinstance(action, Redact) else ()


def _receipt(after: Row, problems: Sequence[str], remains: str) -> Receipt:
    return Refused("; ".join(problems)) if problems else Done(version(after), remains)


def _kept(names: Sequence[str]) -> tuple[str, ...]:
    return (f"Pipedrive kept {', '.join(names)}",) if names else ()


def _edited(before: Row, now: Row) -> bool:
    """True when a person is not as it was, apart from what moves as its children go: its stamp, its picture, its mails."""
    ours = {"update_time", "picture_id", MAILED}
    return any(before.get(name) != now.get(name) for name in (before.keys() | now.keys()) - ours)


def _named(wish: Wish, known: Layout) -> tuple[str, ...]:
    return tuple(f"{known.fields[code].name} was set instead" for code in wish.custom)


def _lost(row: Row, answer: Row, wish: Wish) -> Keys:
    """The custom fields that were filled, that we did not write, and that an answer shows empty."""
    before, now = row.get(CUSTOM) or {}, answer.get(CUSTOM) or {}
    return tuple(
        code
        for code, value in before.items()
        if filled(value) and code not in wish.custom and not filled(now.get(code))
    )
