"""The texts of mails as people read them: bytes to letters, lines that a program broke, HTML to plain text."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser

_SAME = {
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
    "ansi": "cp1252", "unknown-8bit": "cp1252", "default": "cp1252", "iso-8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "iso-8859-8-i": "cp1255", "utf8": "utf-8", "utf-8mb4": "utf-8", "unicode": "utf-8",
}  # fmt: skip
"""What programs mean by a name: the larger sets that they really write (as the WHATWG encoding standard has it)."""
_SINGLE_BYTE = re.compile(r"^(?:cp125\d|iso-?8859-\d+|koi8-\w|mac\w*)$")
_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr html li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
_SPACED = frozenset({"p", "blockquote", "h1", "h2", "h3", "ul", "ol", "table", "pre"})
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr"})
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})


def decode(content: bytes, charset: str) -> str:
    """Return the text of some bytes: as their charset says, where that can be; as it will be otherwise."""
    name = charset.strip("\"' ").lower()
    name = _SAME.get(name, name) or "utf-8"
    # Programs that say one byte a letter and write UTF-8 are common; letters that look like UTF-8 by chance are not.
    names = ["utf-8", name, "cp1252"] if _SINGLE_BYTE.match(name) else [name, "utf-8", "cp1252"]
    for tried in names:
        try:
            text = content.decode(tried)
        except (UnicodeError, LookupError):
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").removeprefix("\ufeff")
    return content.decode("cp1252", errors="replace").replace("\r\n", "\n").replace("\0", "")


def unflow(text: str, part: EmailMessage) -> str:
    """Return a text whose lines were broken for the way (RFC 3676) in the lines that its author wrote."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    drops_space = str(part.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        said = line[depth:].removeprefix(" ")
        goes_on = said.endswith(" ") and said != "-- "
        if open_depth == depth and said != "-- ":
            lines[-1] += said
        else:
            lines.append(f"{'>' * depth} {said}" if depth else said)
        if goes_on and drops_space:
            lines[-1] = lines[-1][:-1]
        open_depth = depth if goes_on else None
    return "\n".join(lines)


def of_html(html: str) -> str:
    """Return what a reader of HTML sees, in lines; what it quotes has `>` before each."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Gathers lines; `depth` is of quotations."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quoted: list[str] = []
        self._unseen: list[str] = []
        self._is_kept = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self._void(tag)
            return
        if tag in _UNSEEN or _is_hidden(dict(attrs)):
            self._unseen.append(tag)
        if tag in _BLOCKS:
            self._break(is_spaced=tag in _SPACED)
        if tag == "blockquote":
            self._quoted.append(tag)
        if tag == "pre":
            self._is_kept += 1
        if tag == "li" and not self._unseen:
            self._line = "- "

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            # Tags that were opened inside and never closed end with it.
            del self._unseen[self._unseen.index(tag) :]
        if tag in _BLOCKS:
            self._break(is_spaced=tag in _SPACED)
        if tag == "blockquote" and self._quoted:
            self._quoted.pop()
        if tag == "pre" and self._is_kept:
            self._is_kept -= 1

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._is_kept:
            first, *others = data.split("\n")
            self._line += first
            for line in others:
                self._break()
                self._line = line
            return
        said = _SPACES.sub(" ", data)
        self._line += said.lstrip(" ") if not self._line or self._line.endswith(" ") else said

    def text(self) -> str:
        self._break()
        return _BLANK_LINES.sub("\n\n", "\n".join(self._lines)).strip().replace("\u00a0", " ")

    def _void(self, tag: str) -> None:
        if tag == "br" and not self._unseen:
            self._break(is_forced=True)
        if tag == "hr":
            self._break()

    def _break(self, *, is_spaced: bool = False, is_forced: bool = False) -> None:
        line = self._line.rstrip()
        before = "> " * len(self._quoted)
        if line or is_forced:
            self._lines.append(f"{before}{line}".rstrip())
        if is_spaced and self._lines and self._lines[-1].strip("> "):
            self._lines.append(before.rstrip())
        self._line = ""


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "mso-hide:all" in style
