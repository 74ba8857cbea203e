"""Geometry of charts."""

from hypothesis import given
from hypothesis import strategies as st

from web import charts
from web.charts import Bar, Label, Part

COUNTS = st.integers(0, 10**7)


@given(COUNTS)
def test_a_scale_begins_at_0_holds_the_most_and_has_few_round_steps(most: int) -> None:
    values = charts.scale(most)
    step = values[1]
    assert values == [step * number for number in range(len(values))]
    assert values[-1] >= most
    assert len(values) <= charts.MOST_TICKS
    assert str(step).rstrip("0") in {"1", "2", "5"}


@given(st.lists(st.lists(COUNTS, min_size=3, max_size=3), max_size=60))
def test_parts_stand_on_each_other_and_within_the_plot(stacks: list[list[int]]) -> None:
    chart = charts.bars(stacks)
    assert len(chart.bars) == len(stacks)
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= 100.01
        bottom = 100.0
        for part in bar.parts:
            assert abs(part.y + part.height - bottom) < 0.03
            bottom = part.y
        assert bottom >= 0


def test_bars_are_as_high_as_their_counts() -> None:
    (bar, other) = charts.bars([[1, 0, 3], [0, 0, 0]]).bars
    assert bar == Bar(6.25, 37.5, (Part(0, 75.0, 25.0), Part(2, 0.0, 75.0)))
    assert other.parts == ()


def test_a_line_goes_from_edge_to_edge() -> None:
    line = charts.line([0, 2, 4])
    assert line.path == "M0 100L50 50L100 0"
    assert line.area == "M0 100L50 50L100 0L100 100L0 100z"
    assert charts.line([3]).path == "M0 0L100 0"
    assert charts.line([]).path == ""


def test_labels_are_even_and_stay_within_the_plot() -> None:
    labels = charts.bars([[1]] * 30).labels
    assert labels[0] == Label(0, 0.0, "start")
    assert labels[-1] == Label(29, 100.0, "end")
    assert len(labels) == charts.MOST_LABELS
    assert [label.at for label in charts.line([1, 2]).labels] == [0, 1]
    assert charts.bars([[1]]).labels == (Label(0, 50.0, "middle"),)
    assert charts.bars([]).labels == ()
