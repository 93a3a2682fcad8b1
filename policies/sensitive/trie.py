"""Thousands of phrases as one compiled pattern: a trie written as a regular expression, fifty times a flat alternation."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from policies.sensitive.folding import plain

_BRACES = re.compile(r"\{([^}]*)\}")
_LETTER = "[a-z0-9œæß]"

Node = dict[str, "Node"]


def expanded(form: str) -> list[str]:
    """Every phrase of a form, folded: `délégué{,e} syndical` is two. `oe` and `ae` also stand for `œ` and `æ`."""
    parts = _BRACES.split(form)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    phrases = {" ".join(plain("".join(picked)).split()) for picked in itertools.product(*choices)}
    return sorted(phrases | {phrase.replace("oe", "œ").replace("ae", "æ") for phrase in phrases})


def expression(phrases: Iterable[str]) -> str:
    """A regular expression for the longest of some folded phrases, as whole words. Must be given at least one phrase."""
    root: Node = {}
    for phrase in phrases:
        node = root
        for char in phrase:
            node = node.setdefault(char, {})
        node[""] = {}
    return f"(?<!{_LETTER}){_tail(root)}(?!{_LETTER})"


def _tail(node: Node) -> str:
    tails = [_one(char) + _tail(rest) for char, rest in sorted(node.items()) if char]
    if not tails:
        return ""
    body = tails[0] if len(tails) == 1 and "" not in node else f"(?:{'|'.join(tails)})"
    return f"{body}?" if "" in node else body


def _one(char: str) -> str:
    return " +" if char == " " else re.escape(char)
