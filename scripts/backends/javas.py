"""Java runtimes on this machine: the default one is often older than the newest."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from foundation.errors import Unavailable
from scripts.backends import packages

OLDEST = 21
OLDEST_COMPILER = 17
PACKAGES = ("openjdk-25-jdk-headless", "openjdk-21-jdk-headless")
CHOICE = "PORTULAN_TEST_JAVA_HOME"
"""Names the one home to use, instead of looking for one."""
PLACES = ("/usr/lib/jvm/*", "/opt/*", "/opt/java/*", "/usr/local/*", "~/.sdkman/candidates/java/*", "~/.jdks/*")


def find() -> Path:
    """Return the home of the newest Java, installed if this Debian has one; raise Unavailable with what to do."""
    homes = usual_homes()
    home = newest(homes)
    if home is None and not os.environ.get(CHOICE) and (name := packages.first_available(*PACKAGES)):
        packages.install(name)
        home = newest(usual_homes())
    if home is None:
        found = ", ".join(f"{version} in {home}" for home in homes if (version := version_of(home))) or "none at all"
        raise Unavailable(
            f"OpenSearch needs Java {OLDEST} or newer; found: {found}. Install one and set JAVA_HOME (this Debian "
            "may have no package new enough), or start OpenSearch 3 with k-NN elsewhere and set "
            "PORTULAN_TEST_OPENSEARCH_URL."
        )
    return home


def compiler() -> Path:
    """Return a Java compiler, of any version that can write for Java 17."""
    homes = [home for home in usual_homes() if (home / "bin" / "javac").exists()]
    home = newest(homes, OLDEST_COMPILER)
    if home is None:
        packages.install("default-jdk-headless")
        home = newest((home for home in usual_homes() if (home / "bin" / "javac").exists()), OLDEST_COMPILER)
    if home is None:
        raise Unavailable(f"a Java compiler (javac {OLDEST_COMPILER} or newer) is needed, and there is none")
    return home / "bin" / "javac"


def usual_homes() -> list[Path]:
    """Return every folder where a Java may be, or only the chosen one."""
    if chosen := os.environ.get(CHOICE):
        return [Path(chosen)]
    return list(dict.fromkeys(home.resolve() for home in _candidates() if (home / "bin" / "java").exists()))


def newest(homes: Iterable[Path], oldest: int = OLDEST) -> Path | None:
    """Return the home of the newest Java among some, unless all are too old."""
    version, home = max(((version_of(home), home) for home in homes), default=(0, None))
    return home if version >= oldest else None


def version_of(home: Path) -> int:
    """Return a Java's feature version (17, 21, …), 0 if there is none that runs."""
    try:
        said = (home / "release").read_text()
    except OSError:
        try:
            said = subprocess.run(  # noqa: S603
                [home / "bin" / "java", "-XshowSettings:properties", "-version"],
                capture_output=True,
                text=True,
                check=False,
            ).stderr
        except OSError:
            return 0
    found = re.search(r'(?:JAVA_VERSION="|java\.specification\.version = )(\d+)', said)
    return int(found[1]) if found and (home / "bin" / "java").exists() else 0


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if java := shutil.which("java"):
        yield Path(java).resolve().parent.parent
    for place in PLACES:
        root, _, pattern = place.rpartition("/")
        yield from Path(root).expanduser().glob(pattern)
