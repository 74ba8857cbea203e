"""Free ports of the loopback address."""

import random
import socket

from foundation.errors import Unavailable


def any_free() -> int:
    """Return a port that the system says is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def free_among(ports: range) -> int:
    """Return a free one among some ports, by chance, so that two who look at once rarely find the same."""
    for port in random.sample(ports, len(ports)):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Unavailable(f"no port from {ports.start} to {ports.stop - 1} is free")
