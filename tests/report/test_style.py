"""The page's colours: text that can be read in both themes, by the contrast of WCAG 2.2 (1.4.3: 4.5 to 1), and series that
colour-blind readers tell apart, as simulated by Machado, Oliveira and Fernandes (2009), severity 1.
"""

import itertools
import math
import re

import pytest

from autotune.resources import folder

CSS = (folder("templates") / "report" / "style.css.j2").read_text()


BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
#: Linear sRGB to XYZ (IEC 61966-2-1), and its white.
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)


def colours(theme):
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")
    known = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", light))
    return known if theme == "light" else known | dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", dark.split("@media")[0]))


def linear(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def times(matrix, values):
    return [max(0.0, sum(factor * value for factor, value in zip(row, values, strict=True))) for row in matrix]


def lab(values):
    cubes = [part / white for part, white in zip(times(XYZ, values), WHITE, strict=True)]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in cubes)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def luminance(colour):
    return times(XYZ, linear(colour))[1]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_it_lies_on(theme):
    known = colours(theme)
    for ground in ("page", "card", "faint"):
        for text in ("text", "soft", "accent", "good", "bad"):
            assert contrast(known[text], known[ground]) >= 4.5, (text, ground)
    assert contrast(known["warn"], known["warn-bg"]) >= 4.5


def test_series_are_the_colours_of_okabe_and_ito():
    known = colours("light")
    assert [known[f"c{place}"] for place in range(6)] == [
        "#0072b2",
        "#d55e00",
        "#009e73",
        "#cc79a7",
        "#e69f00",
        "#56b4e9",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("blindness", BLIND)
def test_series_differ_for_colour_blind_readers(theme, blindness):
    seen = [lab(times(BLIND[blindness], linear(colours(theme)[f"c{place}"]))) for place in range(7)]
    # A difference (CIE76) of 2.3 is just seen; shapes tell series apart besides.
    assert min(math.dist(one, other) for one, other in itertools.combinations(seen, 2)) > 10
