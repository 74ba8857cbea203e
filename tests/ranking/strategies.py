"""Profiles that can rank, drawn at random."""

from hypothesis import strategies as st

from indexer.engines.checks import FROM_QUERY, OWN
from indexer.engines.embedded.features import SECOND_PHASE
from ranking.checks import BOUNDS, HEAVIEST, LARGEST, SMALLEST
from ranking.profiles import Feature, Inputs, Policy, Profile, Source, Transform

pivots = st.floats(SMALLEST, LARGEST)
rising = st.one_of(
    st.builds(
        lambda low, width: Transform("linear", low, low + width), st.floats(-1_000, 1_000), st.floats(0.001, 1_000)
    ),
    st.builds(lambda pivot: Transform("saturation", pivot=pivot), pivots),
)
any_way = st.one_of(rising, st.builds(lambda pivot: Transform("half_life", pivot=pivot), pivots))
shares = st.floats(0, 1)


def features(
    sources: frozenset[Source], transforms: st.SearchStrategy[Transform], *, always: bool
) -> st.SearchStrategy[list[Feature]]:
    one = st.builds(
        Feature, st.sampled_from(sorted(sources)), st.floats(0, HEAVIEST), transforms, shares, st.just(always)
    )
    return st.lists(one, max_size=len(sources), unique_by=lambda item: item.source)


policies = st.builds(
    Policy,
    **{
        name: st.floats(low, high) if isinstance(low, float) else st.integers(int(low), int(high))
        for name, (low, high) in BOUNDS.items()
        if name != "newcomer_position"
    },
    newcomer_position=st.integers(1, 10),
)
words = st.text("0123456789abcdef", max_size=12)
good_profiles = st.builds(
    lambda query, near, own, policy, inputs: Profile(
        (*query, *near, *own, Feature("review_count", 0.1, Transform("saturation", pivot=5.0), is_always_on=True)),
        policy,
        inputs,
    ),
    features(FROM_QUERY, rising, always=False),
    features(SECOND_PHASE, any_way, always=False),
    features(OWN - {"review_count"}, any_way, always=True),
    policies,
    st.builds(Inputs, words, words, words, words),
)
