"""Small world maps: the countries an expert works in, as an SVG that needs no script and no inline style.

The outlines come from the package `countryinfo` at run time (Natural Earth, 1:110 million). The few that it
lacks are rough shapes of our own, drawn underneath, so that the exact neighbours cut them. Projection: Equal
Earth.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import Any

from countryinfo import CountryInfo

Point = tuple[float, float]
Ring = Sequence[Point]
Pixel = tuple[int, int]

WIDTH = 1000
NORTH = 84.0
SOUTH = -56.0
# The map is cut in the Bering Strait rather than through Siberia.
CENTRE = 11.0
CUT = CENTRE - 180.0
# A country whose outline is smaller than this on either side gets a dot as well.
TINY = 7
DOT_RADIUS = 7

# The polynomial of the Equal Earth projection (Šavrič, Patterson and Jenny, 2018).
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_M = math.sqrt(3) / 2

# Rough outlines (longitude, latitude) of what the package has no shape of. They overlap their neighbours on
# purpose.
_ROUGH: dict[str, Ring] = {
    "HU": ((16.0, 47.0), (17.0, 48.2), (19.0, 48.2), (20.5, 48.7), (22.3, 48.5), (22.8, 47.8), (21.2, 46.0),
           (19.0, 45.8), (17.0, 45.8), (16.2, 46.6)),
    "RS": ((18.8, 45.9), (20.3, 46.3), (21.4, 45.3), (22.6, 44.6), (22.9, 43.2), (22.4, 42.2), (21.4, 42.7),
           (20.6, 43.1), (20.2, 42.9), (19.1, 43.6), (18.9, 44.9)),
    "XK": ((20.5, 43.2), (21.3, 43.1), (21.8, 42.6), (21.4, 42.1), (20.6, 41.8), (20.1, 42.6)),
    "ME": ((18.4, 42.5), (18.6, 43.3), (19.3, 43.6), (20.4, 42.9), (19.9, 42.4), (19.5, 41.9), (19.2, 41.9)),
    "MM": ((92.3, 20.9), (92.1, 21.8), (93.2, 24.2), (94.8, 26.2), (97.2, 28.5), (98.9, 27.4), (98.8, 24.0),
           (101.4, 21.6), (100.0, 20.2), (98.0, 19.0), (98.0, 17.4), (99.2, 14.6), (99.3, 11.6), (98.6, 9.9),
           (98.5, 12.0), (97.7, 15.4), (97.1, 17.0), (95.4, 15.7), (94.2, 16.1), (94.6, 17.5), (94.0, 19.2)),
}  # fmt: skip

# Where to set the dot of a place that the package names without saying where it is.
_PLACES: dict[str, Point] = {
    "AX": (20.0, 60.2),
    "BL": (-62.8, 17.9),
    "BQ": (-68.3, 12.2),
    "BV": (3.4, -54.4),
    "CW": (-69.0, 12.2),
    "MF": (-63.1, 18.1),
    "PS": (35.2, 31.9),
    "SX": (-63.1, 18.0),
    "TC": (-71.8, 21.8),
    "UM": (166.6, 19.3),
    "VG": (-64.6, 18.4),
    "VI": (-64.8, 17.9),
    "XK": (20.9, 42.6),
}


@dataclass(frozen=True)
class Atlas:
    """Every outline in pixels, and the point each country is marked at."""

    paths: dict[str, str]
    rough: dict[str, str]
    marks: dict[str, Pixel]
    tiny: frozenset[str]


def world(countries: Sequence[str], labels: Mapping[str, str]) -> str:
    """Draw the world with these countries highlighted.

    `labels` gives each country's name by code, in the visitor's language; a country that cannot be drawn is
    left out of the drawing, not out of the description.
    """
    chosen = list(dict.fromkeys(code.upper() for code in countries))
    names = {code: labels.get(code, code) for code in chosen}
    described = escape(", ".join(names.values()), quote=True)
    height = _height()
    parts = [
        f'<svg class="map" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{described}">',
        _background(),
        '<g class="map__worked">',
        *(_shape(path, names[code]) for code, path in _atlas().rough.items() if code in names),
        "</g>",
        _land(),
        '<g class="map__worked">',
        *(_shape(_atlas().paths[code], name) for code, name in names.items() if code in _atlas().paths),
        *(_dot(_atlas().marks[code], name) for code, name in names.items() if _needs_dot(code)),
        "</g></svg>",
    ]
    return "".join(parts)


def _needs_dot(code: str) -> bool:
    atlas = _atlas()
    if code not in atlas.marks:
        return False
    return code in atlas.tiny or not (code in atlas.paths or code in atlas.rough)


def _shape(path: str, name: str) -> str:
    return f'<path d="{path}"><title>{escape(name)}</title></path>'


def _dot(at: Pixel, name: str) -> str:
    return f'<circle cx="{at[0]}" cy="{at[1]}" r="{DOT_RADIUS}"><title>{escape(name)}</title></circle>'


@lru_cache(maxsize=1)
def _background() -> str:
    """Draw the sea, the lines of longitude and latitude, and what lies under the exact outlines."""
    edge = [*_meridian(CUT, SOUTH, NORTH), *reversed(_meridian(CUT + 360.0, SOUTH, NORTH))]
    lines = [
        *(_line(_meridian(float(east), SOUTH, NORTH)) for east in range(-150, 181, 30)),
        *(_line(_parallel(float(north))) for north in range(-30, 61, 30)),
    ]
    rough = "".join(f'<path class="map__land" d="{path}"/>' for path in _atlas().rough.values())
    return f'<path class="map__sea" d="{_closed(edge)}"/><path class="map__grid" d="{"".join(lines)}"/>{rough}'


@lru_cache(maxsize=1)
def _land() -> str:
    atlas = _atlas()
    return f'<path class="map__land" d="{"".join(atlas.paths.values())}"/>'


@lru_cache(maxsize=1)
def _atlas() -> Atlas:
    """Project every outline once a process."""
    rings: dict[str, list[Ring]] = {}
    places = dict(_PLACES)
    for country in CountryInfo.all().values():
        info: dict[str, Any] = dict(country)
        code = str(info.get("ISO", {}).get("alpha2", "")).upper()
        if not code or code == "AQ":
            continue
        rings.setdefault(code, []).extend(_rings_of(info.get("geoJSON") or {}))
        place = info.get("latlng") or []
        if len(place) == 2:
            east = float(place[1])
            places.setdefault(code, (east + 360.0 if east < CUT else east, float(place[0])))
    drawn = {code: [pixels for ring in outline if (pixels := _pixels(ring))] for code, outline in rings.items()}
    drawn_roughly = {code: [_pixels(ring)] for code, ring in _ROUGH.items()}
    paths = {code: "".join(_closed(pixels) for pixels in outline) for code, outline in drawn.items() if outline}
    return Atlas(
        paths=paths,
        rough={code: _closed(outline[0]) for code, outline in drawn_roughly.items()},
        marks={code: _middle(drawn.get(code) or []) or _project(place) for code, place in places.items()},
        tiny=frozenset(code for code, outline in (drawn | drawn_roughly).items() if outline and _is_tiny(outline)),
    )


def _rings_of(collection: Mapping[str, Any]) -> Iterable[Ring]:
    """Give the rings of a GeoJSON feature collection, moved to the side of the cut where they belong."""
    for feature in collection.get("features", []):
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        for polygon in polygons:
            for ring in polygon:
                turn = 360.0 if sum(float(east) for east, _ in ring) / len(ring) < CUT else 0.0
                yield [(float(east) + turn, float(north)) for east, north in ring]


def _pixels(ring: Ring) -> list[Pixel]:
    """Project a ring; a point on the pixel before is dropped, and so is a ring that is left without area."""
    pixels: list[Pixel] = []
    for point in ring:
        pixel = _project(point)
        if not pixels or pixel != pixels[-1]:
            pixels.append(pixel)
    if len(pixels) > 1 and pixels[0] == pixels[-1]:
        pixels.pop()
    return pixels if len(pixels) > 2 else []


def _middle(outline: Sequence[Sequence[Pixel]]) -> Pixel | None:
    """Return the middle of a country's largest ring."""
    if not outline:
        return None
    ring = max(outline, key=len)
    across, down = [x for x, _ in ring], [y for _, y in ring]
    return (min(across) + max(across)) // 2, (min(down) + max(down)) // 2


def _is_tiny(outline: Sequence[Sequence[Pixel]]) -> bool:
    across = [x for ring in outline for x, _ in ring]
    down = [y for ring in outline for _, y in ring]
    return min(max(across) - min(across), max(down) - min(down)) < TINY


def _closed(pixels: Sequence[Pixel]) -> str:
    return f"{_line(pixels)}z"


def _line(pixels: Sequence[Pixel]) -> str:
    """Write a path in steps from point to point, which are shorter than places."""
    steps = [f"M{pixels[0][0]} {pixels[0][1]}l"]
    for (x, y), (next_x, next_y) in pairwise(pixels):
        steps.append(f"{next_x - x} {next_y - y} ")
    return "".join(steps).rstrip()


def _meridian(east: float, south: float, north: float) -> list[Pixel]:
    steps = 28
    return [_project((east, south + (north - south) * step / steps)) for step in range(steps + 1)]


def _parallel(north: float) -> list[Pixel]:
    return [_project((CUT, north)), _project((CUT + 360.0, north))]


@lru_cache(maxsize=1)
def _height() -> int:
    return _project((CENTRE, SOUTH))[1]


def _project(point: Point) -> Pixel:
    """Place a longitude and latitude on the drawing, whose upper edge is `NORTH`."""
    east, north = point
    from_centre = max(-180.0, min(180.0, east - CENTRE))
    half_width = _equal_earth(180.0, 0.0)[0]
    scale = WIDTH / (2 * half_width)
    x, y = _equal_earth(from_centre, north)
    top = _equal_earth(0.0, NORTH)[1]
    return round((x + half_width) * scale), round((top - y) * scale)


def _equal_earth(east: float, north: float) -> Point:
    bent = math.asin(_M * math.sin(math.radians(north)))
    square = bent * bent
    sixth = square**3
    stretch = 9 * _A4 * sixth * square + 7 * _A3 * sixth + 3 * _A2 * square + _A1
    x = math.radians(east) * math.cos(bent) / (_M * stretch)
    return x, bent * (_A1 + _A2 * square + sixth * (_A3 + _A4 * square))
