from indexer.engines.opensearch.records import Kept


def test_only_what_is_not_kept_is_asked_for_and_what_was_used_longest_ago_goes_first() -> None:
    kept: Kept[str, int] = Kept(2)
    asked: list[list[str]] = []

    def ask(keys: list[str]) -> dict[str, int]:
        asked.append(keys)
        return {key: ord(key) for key in keys if key != "?"}

    assert kept.gather("ab", ask) == {"a": 97, "b": 98}
    assert kept.gather("a", ask) == {"a": 97}
    assert kept.gather("c?", ask) == {"c": 99}
    assert kept.gather("ab", ask) == {"a": 97, "b": 98}
    assert asked == [["a", "b"], ["c", "?"], ["b"]]
