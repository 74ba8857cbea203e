"""Files as ESCO gives them out, of skills that tests make up."""

import csv
from collections.abc import Sequence
from pathlib import Path

URI = "http://data.europa.eu/esco/skill/"
Row = tuple[str, str, Sequence[str]]
"""The end of the address, the label, other names."""


def write(folder: Path, *, fr: Sequence[Row], en: Sequence[Row]) -> Path:
    """Write both files into a folder and return it."""
    folder.mkdir(exist_ok=True)
    for name, rows in (("skills_fr.csv", fr), ("skills_en-us.csv", en)):
        with (folder / name).open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(["conceptType", "conceptUri", "preferredLabel", "altLabels", "description"])
            writer.writerows(["Skill", URI + uri, label, "\n".join(names), ""] for uri, label, names in rows)
    return folder


def usual(folder: Path) -> Path:
    """Write a skill that is one of ours, one that is new, and one whose label is an everyday word."""
    return write(
        folder,
        fr=[
            ("1", "gestion de projet", ["piloter un projet complexe"]),
            ("2", "dresser des licornes", ["débourrage de licornes"]),
            ("3", "maison", []),
        ],
        en=[
            ("1", "project management", ["steer a complex project"]),
            ("2", "train unicorns", ["unicorn breaking"]),
            ("3", "house", []),
        ],
    )
