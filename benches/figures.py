"""Figures, the goals they are judged by, and the table they make."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Sequence


@dataclass(frozen=True)
class Goal:
    """A bound for a figure, or for its ratio to the baseline."""

    bound: float
    unit: str = ""
    #: At least, not at most.
    least: bool = False
    ratio: bool = False

    def met(self, value: float, ratio: float | None) -> bool:
        value = (ratio if ratio is not None else float("nan")) if self.ratio else value
        # Bounds are meant as they are printed: 2.004 times is 2.00 times.
        return round(value, 3) >= self.bound if self.least else round(value, 3) <= self.bound

    def __str__(self) -> str:
        unit = "× baseline" if self.ratio else f" {self.unit}"
        return f"{'≥' if self.least else '≤'} {self.bound:g}{unit}"


@dataclass
class Figure:
    """A line of the table."""

    row: str
    what: str
    unit: str
    ours: list[float]
    baseline_name: str = ""
    baseline: list[float] = field(default_factory=list)
    #: All of them must be met; without any the figure is for information.
    excellent: list[Goal] = field(default_factory=list)
    acceptable: list[Goal] = field(default_factory=list)
    #: Judged by the worst, where a median would hide a loss.
    worst: bool = False
    #: Why the figure means nothing.
    problems: list[str] = field(default_factory=list)

    @property
    def value(self) -> float:
        return max(self.ours) if self.worst else statistics.median(self.ours)

    @property
    def ratio(self) -> float | None:
        if not self.baseline:
            return None
        baseline = statistics.median(self.baseline)
        return self.value / baseline if baseline > 0 else None

    @property
    def verdict(self) -> str:
        if self.problems:
            return "INVALID: " + "; ".join(sorted(set(self.problems)))
        if not self.excellent:
            return "–"
        if all(goal.met(self.value, self.ratio) for goal in self.excellent):
            return "excellent"
        if self.acceptable and all(goal.met(self.value, self.ratio) for goal in self.acceptable):
            return "acceptable"
        return "WORSE THAN ACCEPTABLE" if self.acceptable else "worse than excellent"

    def cells(self) -> list[str]:
        """The line's cells."""
        spread = f" ({number(min(self.ours))}–{number(max(self.ours))})" if len(self.ours) > 1 else ""
        baseline = ""
        if self.baseline:
            baseline = f"{self.baseline_name}: {number(statistics.median(self.baseline))} {self.unit}"
        return [
            self.row,
            self.what,
            f"{number(self.value)} {self.unit}{spread}",
            baseline,
            f"{self.ratio:.{2 if self.ratio >= 0.1 else 3}f}" if self.ratio is not None else "",
            ", ".join(map(str, self.excellent)),
            ", ".join(map(str, self.acceptable)),
            self.verdict,
        ]


HEAD = ["row", "what", "ours", "baseline", "ratio", "excellent", "acceptable", "verdict"]


def number(value: float) -> str:
    """Three digits that mean something."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table that can also be read as it is."""
    lines = [HEAD, *(figure.cells() for figure in figures)]
    lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    show = lambda line: "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"
    return "\n".join([show(lines[0]), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(show, lines[1:])])
