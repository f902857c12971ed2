"""What a benchmark measured, as `make bench` writes it: names and goals are those of the published list."""

import json
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Result:
    """`value` beside its `baseline` of the same run, both in `unit`; `ratio` is judged against `goal`."""

    name: str
    value: float
    baseline: float
    goal: float
    unit: str
    better: str = "higher"
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return round(self.value / self.baseline, 3)

    @property
    def reached(self) -> bool:
        ratio = self.value / self.baseline  # not the rounded one
        return ratio >= self.goal if self.better == "higher" else ratio <= self.goal

    def as_dict(self) -> dict[str, object]:
        facts = asdict(self) | {"ratio": self.ratio, "versions": versions() | self.versions}
        return facts | {"value": round(self.value, 2), "baseline": round(self.baseline, 2)}


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), "django": version("django"), "psycopg": version("psycopg")}


def write(results: list[Result]) -> None:
    """`results/latest.json` and `latest.md`; what other runs measured under other names stays."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "latest.json"
    kept = {row["name"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    kept |= {row.name: row.as_dict() for row in results}
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")
    (RESULTS / "latest.md").write_text(table(results) + "\n")


def table(results: list[Result]) -> str:
    lines = ["| name | value | baseline | ratio | goal | |", "|---|---|---|---|---|---|"]
    for row in results:
        sign = "≥" if row.better == "higher" else "≤"
        figures = f"{row.value:,.1f} {row.unit} | {row.baseline:,.1f} {row.unit} | {row.ratio} | {sign} {row.goal}"
        lines.append(f"| {row.name} | {figures} | {'reached' if row.reached else 'not reached'} |")
    return "\n".join(lines)
