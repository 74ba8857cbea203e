"""OpenSearch 3 with k-NN: a node put together from Maven Central, or somebody's running one."""

import os
import urllib.error
import urllib.request
from pathlib import Path

import orjson

from foundation.errors import Unavailable
from scripts.backends import artifacts, javas, ports
from scripts.backends.daemons import Launch

ELSEWHERE = "PORTULAN_TEST_OPENSEARCH_URL"
HEAP_SETTING = "PORTULAN_TEST_OPENSEARCH_HEAP"
USUAL_HEAP = "2g"
PORTS = range(9201, 9300)
"""The runner takes the port after the one it is told, and none above 9299."""


def prepare(folder: Path) -> Launch | str:
    """Name what starts a node; where no Java is new enough, return the address of the running one we were told of."""
    try:
        home = javas.find()
    except Unavailable:
        if address := os.environ.get(ELSEWHERE):
            return _elsewhere(address)
        raise
    port = ports.free_among(PORTS)
    node = folder / "node"
    heap = os.environ.get(HEAP_SETTING, USUAL_HEAP)
    command = [
        *(str(home / "bin" / "java"), f"-Xms{heap}", f"-Xmx{heap}"),
        *("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"),
        *("-cp", artifacts.class_path(), "org.codelibs.opensearch.runner.OpenSearchRunner"),
        *("-basePath", str(node), "-numOfNode", "1", "-baseHttpPort", str(port - 1), "-clusterName", "portulan"),
        *("-pluginTypes", "org.opensearch.knn.plugin.KNNPlugin"),
    ]
    return Launch(
        title=f"OpenSearch on Java {javas.version_of(home)}",
        command=command,
        folder=folder,
        address=f"http://127.0.0.1:{port}",
        ready_within_s=180.0,
    )


def is_ready(address: str) -> bool:
    """Tell whether the node takes writes."""
    try:
        return _get(f"{address}/_cluster/health?timeout=1s")["status"] in {"green", "yellow"}
    except (OSError, KeyError, ValueError):
        return False


def _elsewhere(address: str) -> str:
    address = address.rstrip("/")
    try:
        version = str(_get(address)["version"]["number"])
        plugins = {plugin["component"] for plugin in _get(f"{address}/_cat/plugins?format=json")}
    except (OSError, KeyError, ValueError) as error:
        raise Unavailable(f"{ELSEWHERE}={address} does not answer as OpenSearch does: {error}") from None
    if int(version.partition(".")[0]) < 3 or not any("knn" in name.lower() for name in plugins):
        raise Unavailable(f"{ELSEWHERE}={address} is version {version} with {sorted(plugins)}; 3 with k-NN is needed")
    return address


def _get(address: str) -> dict:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 - an address we were given
            return orjson.loads(response.read())
    except urllib.error.HTTPError as error:
        raise OSError(f"status {error.code}") from None
