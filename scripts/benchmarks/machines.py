"""What machine figures come from, and how busy it was."""

import os
import platform
from pathlib import Path


def describe() -> dict[str, str | int | float]:
    """Return the processor, cores, memory and load."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def line() -> str:
    """Return the description in one line."""
    return ", ".join(f"{name} {value}" for name, value in describe().items())


def _processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((row.partition(":")[2].strip() for row in rows if row.startswith("model name")), platform.machine())
