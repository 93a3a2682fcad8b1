"""The program: its verbs, and how errors become one sentence and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback
from pathlib import Path

import typer

from cli import exits, logs, verbs
from cli.output import err, plain
from core.errors import RepoussoirError, TellHuman

_INTERRUPTED = "Interrupted. Nothing is lost: the next run finishes what was under way."
app = typer.Typer(
    name="repoussoir",
    help="One GDPR policy in TOML, applied to HubSpot, Salesforce and Pipedrive: planned before it is applied, proven after.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def options(
    context: typer.Context,
    config: Path = typer.Option(
        Path("config.toml"), "--config", "-c", envvar="REPOUSSOIR_CONFIG", help="The configuration."
    ),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is being done."),
) -> None:
    """Options of every verb."""
    logs.configure(verbose=verbose)
    context.obj = config


verbs.register(app)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and answers its exit code; the entry point of the program."""
    try:
        answer = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        if message := str(error):
            err.print(f"[red]Error:[/] {plain(message)}\nSee `repoussoir --help`.")
        return exits.USAGE
    except (typer.Abort, KeyboardInterrupt):
        err.print(_INTERRUPTED)
        return exits.INTERRUPTED
    except RepoussoirError as error:
        _tell(error)
        return exits.code(error)
    except OSError as error:
        return _unwritten(error)
    except Exception as error:
        _bug(error)
        return exits.BUG
    if answer == exits.INTERRUPTED:
        err.print(_INTERRUPTED)
    return answer if isinstance(answer, int) else exits.OK


def _tell(error: RepoussoirError) -> None:
    if isinstance(error, TellHuman):
        err.print(f"[red]Error:[/] {plain(error.problem)}")
        if error.mend:
            err.print(plain(error.mend))
    else:
        err.print(f"[red]Stopped:[/] {plain(str(error))}")


def _unwritten(error: OSError) -> int:
    """A full disk under what is printed: it is not whole, and must not pass for it."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        _bug(error)
        return exits.BUG
    err.print(f"[red]Error:[/] What this command prints cannot be written ({error.strerror}).")
    err.print("Free some disk space, then run the same command again: nothing is lost.")
    return exits.STORE


def _bug(error: Exception) -> None:
    """Says where it broke; the message itself may hold a value, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    err.print(f"[red]Unexpected {type(error).__name__}[/], please report it with these lines:")
    for frame in frames[-6:]:
        err.print(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}", markup=False)


def run() -> None:
    """The console script."""
    sys.exit(main())
