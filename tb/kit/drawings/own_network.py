"""From a NIR file to a weight file, and what tells how exact that was."""

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import PALE, Kind
from trispike.models.network.numbers import CONSTANT_BITS, POTENTIAL_BITS


def draw() -> Sheet:
    """What `make import` does, from the left to the right."""
    sheet = Sheet(366)
    trained = sheet.box(
        14, 50, 118, 74, "trained in\nsnnTorch, Norse,\nsinabs,\nSpikingJelly", Kind.OUTSIDE
    )
    sheet.region(176, 14, 430, 336, "make import")
    chain = sheet.box(
        192, 50, 112, 74, "chain of layers\nweights, leaks,\nthresholds, in\nreal numbers"
    )
    ternary = sheet.box(
        346, 50, 112, 74, "ternary weights\nas they are, or\nquantised as in\nTWN", Kind.MEMORY
    )
    integers = f"{CONSTANT_BITS}-bit constants,\n{POTENTIAL_BITS}-bit thresholds"
    integers = f"integers\n{integers},\nleaks as shifts"
    integers = sheet.box(480, 50, 116, 74, integers, Kind.MEMORY)
    weights = sheet.box(646, 50, 100, 74, "weight file\nNAME.npz", Kind.OUTSIDE)
    sheet.arrow(trained.right(), chain.left(), stream=True)
    sheet.text(153, 74, "NIR", color=PALE)
    for one, other in ((chain, ternary), (ternary, integers), (integers, weights)):
        sheet.arrow(one.right(), other.left(), stream=True)

    rules = sheet.box(14, 160, 136, 68, "rules\nRULES=, DT=: what\na file cannot say", Kind.CONTROL)
    sheet.arrow(rules.right(), (220, 194), (220, 124))
    images = sheet.box(14, 276, 136, 52, "images\nDATA= or INPUT=", Kind.OUTSIDE)
    fitted = "with images\nthresholds are searched;\nTUNE=: trained on"
    fitted = sheet.box(346, 164, 164, 66, fitted, Kind.CONTROL)
    sheet.arrow(fitted.right(), (524, 197), (524, 124))
    compared = "both run on the images\nthe first spike that differs,\nlabels that agree"
    compared = sheet.box(346, 270, 250, 66, compared, Kind.CONTROL)
    sheet.arrow(images.right(), (346, 302))
    sheet.arrow((322, 302), (322, 197), fitted.left())
    sheet.dot((322, 302))
    sheet.arrow((262, 124), (262, 286), (346, 286))
    sheet.text(254, 262, "float64", align="right", color=PALE)
    sheet.arrow((572, 124), (572, 270))
    sheet.text(564, 250, "integers", align="right", color=PALE)
    goals = "WEIGHTS=\nmake sim,\nmake synth,\nmake energy"
    goals = sheet.box(646, 170, 100, 84, goals, Kind.OUTSIDE)
    sheet.arrow(weights.bottom(), goals.top(), stream=True)
    return sheet
