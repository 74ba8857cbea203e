import csv
import io

import pytest

from web import spreadsheets


@pytest.mark.parametrize("cell", ["=1+1", "+33 6", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1"])
def test_no_text_is_taken_for_a_formula(cell: str) -> None:
    answer = spreadsheets.answer("x.csv", [[cell]], "en")
    ((said,),) = csv.reader(io.StringIO(bytes(answer.body).decode("utf-8-sig"), newline=""))
    assert said == f"'{cell}"


def test_numbers_stay_numbers_and_texts_keep_their_letters() -> None:
    answer = spreadsheets.answer("x.csv", [["été", -3, 'a;"b']], "fr")
    assert bytes(answer.body).decode() == '\ufeffété;-3;"a;""b"\r\n'
