"""How many cases of every kind were tried, skipped and bad, and the distinct causes."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.attack.outcome import Outcome


@dataclass
class Summary:
    """Counts by kind; every cause with the first case that shows it."""

    seed: int
    tried: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    causes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, outcome: Outcome) -> None:
        """Count a case."""
        self.tried[kind] += 1
        self.bad[kind] += bool(outcome.faults)
        self.skipped[f"{kind}: {outcome.skipped}"] += bool(outcome.skipped)
        for cause in outcome.causes:
            self.causes[cause].append(f"{kind} {outcome.number}: {outcome.what}")

    def line(self, kind: str, outcome: Outcome) -> str:
        """Return one case as a line."""
        end = "; ".join(outcome.faults) or (f"skipped: {outcome.skipped}" * bool(outcome.skipped))
        return f"{kind} {outcome.number}: {outcome.what}: {end or 'held'}"

    @property
    def n_bad(self) -> int:
        """Return how many cases were bad."""
        return self.bad.total()

    def text(self) -> str:
        """Return counts and causes, the most frequent first."""
        lines = [f"seed {self.seed}: cases {self.tried.total()}, bad {self.n_bad}"]
        for kind, count in self.tried.items():
            lines.append(f"  {kind}: cases {count}, bad {self.bad[kind]}")
        lines += [f"  skipped {n}: {why}" for why, n in self.skipped.items() if n]
        for cause, cases in sorted(self.causes.items(), key=lambda pair: -len(pair[1])):
            lines += [f"{len(cases):5d}  {cause}", f"       {cases[0]}"]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the same for a program."""
        return {
            "cases": dict(self.tried), "bad": dict(self.bad), "causes": dict(self.causes),
            "skipped": {why: n for why, n in self.skipped.items() if n},
        }  # fmt: skip
