"""What is put together from Maven Central, kept outside of any throw-away folder: an OpenSearch node, a validator."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from foundation.errors import Unavailable
from scripts.backends import javas, packages

NODE = Path(__file__).parent / "node"
LEFT_OUT = ("httpclient5", "httpcore5", "slf4j")
"""Jars of the k-NN plugin that the node has already."""


def class_path() -> str:
    """Return the class path of a node, made once for each state of `node/`."""
    return made_once("opensearch", NODE, _put_node_together)


def made_once(name: str, parts: Path, put_together: Callable[[Path], None]) -> str:
    """Return the class path of what was put together in a folder, from its `classes` and `jars`.

    That happens once for each state of the parts.
    """
    home = cache() / f"{name}-{_state(parts)}"
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as draft:
            made = Path(draft) / "made"
            made.mkdir()
            put_together(made)
            # Whole or not at all; somebody else may have been quicker.
            if not home.exists():
                made.rename(home)
    return f"{home / 'classes'}:{home / 'jars'}/*"


def cache() -> Path:
    """Return the folder of what is built once and used by all."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "portulan"


def copy_jars(parts: Path, jars: Path, failure: str) -> None:
    """Copy from Maven Central what the description among some parts names."""
    if shutil.which("mvn") is None:
        packages.install("maven")
    # Maven would leave its `target` folder beside the description.
    pom = shutil.copy(parts / "pom.xml", jars.parent)
    command = [
        "mvn",
        "-B",
        "-q",
        "-Dstyle.color=never",
        "-f",
        pom,
        "dependency:copy-dependencies",
        f"-DoutputDirectory={jars}",
    ]
    _run(command, failure)


def compile_sources(parts: Path, made: Path, failure: str) -> None:
    """Compile the sources among some parts."""
    sources = [str(path) for path in (parts / "src").rglob("*.java")]
    compiler = str(javas.compiler())
    command = [compiler, "--release", "17", "-cp", f"{made / 'jars'}/*", "-d", str(made / "classes"), *sources]
    _run(command, failure)


def _state(parts: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in parts.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _put_node_together(made: Path) -> None:
    jars = made / "jars"
    copy_jars(NODE, jars, "the parts of OpenSearch could not be had from Maven Central: is there a network?")
    for plugin in jars.glob("*.zip"):
        with zipfile.ZipFile(plugin) as archive:
            for name in archive.namelist():
                if name.endswith(".jar") and not name.startswith(LEFT_OUT) and not (jars / name).exists():
                    archive.extract(name, jars)
        plugin.unlink()
    # The empty types in whose place the plugin expects those of a module that Central does not carry.
    compile_sources(NODE, made, "the node's empty types could not be compiled")


def _run(command: Sequence[str | Path], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Unavailable(f"{failure}\n{command[0]} says: {said[0] if said else 'nothing'}")
