"""What has to end before an account is erased, in words and with the page where it ends."""

from collections.abc import Mapping, Sequence

from booking.unfinished import Need, Unfinished
from foundation.i18n import Language, message, translate

_NEEDS: Mapping[Need, str] = {
    Need.REFUND: message("a refund is in question; it has to be agreed on, or taken back"),
    Need.ON_ITS_WAY: message("money is still on its way back; this takes some working days"),
    Need.UNPAID: message("waits for its payment; cancel it if it is not to take place"),
    Need.MISSION: message("is under way; it ends by its validated report, or by a refund"),
}


def unfinished(found: Sequence[Unfinished], language: Language) -> list[dict[str, str]]:
    """Return the missions that keep somebody here, each with what has to happen."""
    return [
        {
            "path": f"/missions/{one.mission.id}",
            "title": one.mission.title,
            "number": one.mission.number,
            "need": translate(language, _NEEDS[one.need]),
        }
        for one in found
    ]
