"""Why somebody does something that the other side has to live with: read the same wherever it is asked for. Pure."""

from collections.abc import Mapping

from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate

LONGEST = 2_000


def read(form: Mapping[str, str], language: Language, *, field: str = "reason", is_required: bool = True) -> str:
    """Return the reason that was typed; raise Invalid for none where one is needed, or for a very long one."""
    reason = form.get(field, "").strip()
    if not reason and is_required:
        said = message("Please say why: the other side reads it.")
        raise Invalid([Fault(field, "missing", translate(language, said))])
    if len(reason) > LONGEST:
        raise Invalid([Fault(field, "too_long", translate(language, message("This is too long.")))])
    return reason
