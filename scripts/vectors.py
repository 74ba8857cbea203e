"""Writes the vectors of our word lists and sample that come with the code: `python -m scripts.vectors`.

To be run after a change of `data/taxonomy/` or `data/sample/`; what the file lacks is encoded by
the first rebuild.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from accounts import imports
from accounts.events import EXPERT_CHANGED
from foundation import clock
from foundation.settings import Settings
from indexer import embeddings
from indexer.events import VECTOR_MISSING
from scripts import demos
from scripts.benchmarks import directories


def main() -> None:
    """Index the sample in a throw-away folder and keep its vectors."""
    with TemporaryDirectory() as folder:
        directory = directories.open_empty(Settings(data_dir=Path(folder)))
        if directory.encoder is None:
            sys.exit("the encoder can't run here")
        imports.run(directory.database, demos.lines(clock.today()), at=clock.now())
        directories.drain(directory, EXPERT_CHANGED)
        directories.drain(directory, VECTOR_MISSING)
        count = embeddings.ship(directory.database, directory.encoder)
        directory.close()
    sys.stdout.write(f"{count} vectors written.\n")


if __name__ == "__main__":
    main()
