import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from accounts import portraits
from foundation.errors import Invalid

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def image(size: tuple[int, int] = (600, 400), kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "red").save(written, kind, **options)
    return written.getvalue()


def code_of(content: bytes) -> str:
    with pytest.raises(Invalid) as raised:
        portraits.make(content)
    return raised.value.faults[0].code


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_portrait_is_a_square_in_each_size_written_anew(kind: str, mode: str) -> None:
    made = portraits.make(image(kind=kind, mode=mode)).files
    assert sorted(made) == [96, 256, 512]
    for size, content in made.items():
        assert (opened(content).format, opened(content).size) == ("WEBP", (size, size))


def test_transparency_becomes_white() -> None:
    written = BytesIO()
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(written, "PNG")
    corner = opened(portraits.make(written.getvalue()).files[96]).convert("RGB").getpixel((5, 5))
    assert corner == (255, 255, 255)


def test_an_image_is_turned_upright_and_loses_all_that_it_says_of_itself() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned: the first row is the right side
    exif[0x010F] = "Secret camera"
    wide = Image.new("RGB", (400, 200), "red")
    wide.paste((0, 0, 255), (0, 0, 200, 200))
    written = BytesIO()
    wide.save(written, "JPEG", exif=exif, comment=b"hidden words", quality=95)
    content = portraits.make(written.getvalue()).files[512]
    small = opened(content)
    assert not small.getexif()
    assert b"Secret" not in content
    assert b"hidden" not in content
    upper, lower = small.convert("RGB").getpixel((256, 20)), small.convert("RGB").getpixel((256, 490))
    assert isinstance(upper, tuple)
    assert isinstance(lower, tuple)
    assert upper[2] > 200 > lower[2]


def test_what_hides_behind_an_image_is_not_kept() -> None:
    for content in portraits.make(image() + b"<script>alert(1)</script>PK\x03\x04").files.values():
        assert b"script" not in content


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"<!doctype html><p>hi",
        b"GIF89a" + SVG,
        b"PK\x03\x04 zip",
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0 cut",
        b"\x89PNG\r\n\x1a\n",
        b"x",
    ],
)
def test_what_is_no_image_of_the_three_kinds_is_refused(content: bytes) -> None:
    assert code_of(content) == "no_image"


def test_an_animated_gif_or_a_tiff_is_refused() -> None:
    assert code_of(image(kind="GIF", mode="P")) == "no_image"
    assert code_of(image(kind="TIFF")) == "no_image"


def test_half_an_image_is_refused() -> None:
    whole = image((2_000, 2_000), quality=95)
    assert code_of(whole[: len(whole) // 2]) == "no_image"


def test_a_flood_of_pixels_is_refused_before_it_is_decoded() -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    assert code_of(bomb) == "too_many_pixels"


def test_limits_are_told() -> None:
    assert code_of(b"") == "no_file"
    assert code_of(b"x" * (portraits.MOST_BYTES + 1)) == "too_large"
    assert code_of(image((95, 400))) == "too_small"
