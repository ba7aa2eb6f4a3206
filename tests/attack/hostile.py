"""Values nobody expects, for options, keys of YAML and fields of JSON."""

import datetime
from random import Random
from typing import Any

UP = "../../../"  # at most three levels: a case must not leave its sandbox

TEXTS = (
    "", " ", ",", ",,", "0", "-1", "1", "3", "1.5", "1e999", "-0", "nan", "inf", "9" * 20,
    "9" * 5000, "١", "½", "²", "0x10", "1_000", "None", "null", "true", "x", "ä", "💥", "\u202eabc",
    "a\u0301", UP, f"{UP}OUT", "..", ".", "/", "~", "a/b", "a\\b", "%41", "%2e%2e", "a?b", "a#b",
    "a=b", "a:b", "=1+1", "[/x]", "[red]", "{}", "%s", "{0}", "$(touch outside)", "`x`",
    "'; DROP TABLE runs; --", "<script>", "\x1b[31m", "\x07", "a\nb", "a\tb", "-", "--", "-x",
    "a" * 300, "a" * 5000, "\udcff", "tiny", "linear", "tiny_gru", "constant", "smoke", "results",
    "notes.txt", "searched.py",
)  # fmt: skip

NUMBERS = (0, 1, -1, 2, 3, 10**6, 2**31, 2**63, 10**400, 0.0, -0.0, 0.5, 1e-320, 1e308, -1e308)

ODD_NUMBERS = (float("nan"), float("inf"), float("-inf"))


def text(random: Random) -> str:
    """Return one odd text."""
    return random.choice(TEXTS)


def plain_text(random: Random) -> str:
    """Return one odd text that a file in UTF-8 can hold."""
    return text(random).replace("\udcff", "\ufffd")


def json_value(random: Random, depth: int = 0) -> Any:
    """Return one odd value that JSON can hold, or that Python's JSON reader takes."""
    kinds = ["text", "number", "odd", "word", "list", "mapping", "deep"]
    match random.choice(kinds if depth < 2 else kinds[:4]):
        case "text":
            return plain_text(random) if random.random() < 0.95 else "\ud800"
        case "number":
            return random.choice(NUMBERS)
        case "odd":
            return random.choice(ODD_NUMBERS)
        case "word":
            return random.choice((None, True, False))
        case "list":
            return [json_value(random, depth + 1) for _ in range(random.randrange(4))]
        case "mapping":
            n_keys = random.randrange(3)
            return {plain_text(random): json_value(random, depth + 1) for _ in range(n_keys)}
    deep: Any = 1
    for _ in range(random.choice((5, 60, 150))):
        deep = [deep]
    return deep


def yaml_value(random: Random) -> Any:
    """Return one odd value that a YAML file can say."""
    if random.random() < 0.1:
        return datetime.date(2020, 2, 29)
    return json_value(random)


def damaged(content: bytes, random: Random) -> tuple[bytes, str]:
    """Return bytes with one fault, and which."""
    n = max(1, len(content))
    match random.randrange(8):
        case 0:
            cut = random.randrange(n)
            return content[:cut], f"cut at byte {cut}"
        case 1:
            at = random.randrange(n)
            flipped = bytes([content[at] ^ (1 << random.randrange(8))]) if content else b""
            return content[:at] + flipped + content[at + 1 :], f"a bit flipped in byte {at}"
        case 2:
            at, size = random.randrange(n), random.randrange(1, 200)
            return content[:at] + bytes(size) + content[at + size :], f"{size} zeros at byte {at}"
        case 3:
            return b"", "emptied"
        case 4:
            return random.randbytes(random.choice((1, 10, 1000))), "random bytes"
        case 5:
            return content + random.randbytes(random.choice((1, 100))), "random bytes at the end"
        case 6:
            at = random.randrange(n)
            return content[:at] + content[at // 2 :], f"a piece doubled at byte {at}"
    at = random.randrange(n)
    garbage = random.randbytes(random.randrange(1, 64))
    return content[:at] + garbage + content[at + len(garbage) :], f"garbage at byte {at}"
