"""Reading settings from the environment: durations and the marketplace's rules."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """Parse `14d`, `48h`, `90m`, `20s`, `1.5s` or a sum such as `1d12h` into a timedelta.

    Raises ValueError with a sentence when the text is anything else or not positive.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ValueError(f"{text!r} is not a duration; write it as 14d, 48h, 30m or 20s.")
    total = sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    if total <= timedelta():
        raise ValueError(f"{text!r} is not a duration longer than nothing.")
    return total


def rules(defaults: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the rules with each `SKILLLINK_<NAME>` of the environment in place of its default.

    The default's type says how the text is read: timedelta, bool, int, str, or a table of minor units per currency,
    written `USD=1000,JPY=1500`; a currency that is not named keeps its default.
    Raises ValueError naming the variable when a value cannot be read.
    """
    return {name: _override(name, default, environ.get(f"SKILLLINK_{name}")) for name, default in defaults.items()}


def _override(name: str, default: Any, text: str | None) -> Any:
    if text is None:
        return default
    try:
        if isinstance(default, timedelta):
            return duration(text)
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, dict):
            return default | {name.strip(): int(minor) for name, minor in (part.split("=") for part in text.split(","))}
    except (ValueError, KeyError) as error:
        raise ValueError(f"SKILLLINK_{name}: {text!r} cannot be read ({error}).") from error
    return text
