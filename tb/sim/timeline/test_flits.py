"""Flits that were sent and flits that came, paired."""

from trispike.models.mesh import flits
from trispike.sim.timeline.flits import Sent, paired

ONE, TWO, STRANGE = 4 << 22, 5 << 22, 6 << 22


def test_paired():
    """Flits of the same bits keep their order; some are lost, come too soon, or were never sent."""
    sent = [Sent(0, 2, 3, ONE), Sent(0, None, 4, ONE), Sent(1, None, 5, TWO), Sent(1, None, 6, TWO)]
    came = [(7, 5, TWO), (8, 6, ONE), (8, 9, ONE), (9, 10, STRANGE)]
    found = {(each.sender, each.taken): each for each in paired(sent, came)}
    assert found[0, 3].came == 6
    assert (found[0, 3].since, found[0, 3].text) == (2, flits.text(ONE))
    assert (found[0, 4].receiver, found[0, 4].came) == (8, 9)
    assert (found[1, 5].came, found[1, 6].came) == (None, None)
    strangers = [each for each in paired(sent, came) if each.sender is None]
    assert [(each.receiver, each.came) for each in strangers] == [(7, 5), (9, 10)]
    assert strangers[0].within(range(5, 6))
    assert not found[0, 4].within(range(5, 20))


def test_copies():
    """A multicast goes to each of its receivers once; the same again, to each once more."""
    copied = flits.pack(flits.SPIKE, x=2, to_host=1)
    sent = [Sent(0, 2, 3, copied), Sent(0, None, 4, copied), Sent(0, None, 9, copied)]
    came = [(1, 5, copied), (2, 6, copied), (1, 6, copied), (2, 8, copied)]
    found = list(paired(sent, came))
    assert [(each.taken, each.receiver, each.came) for each in found] == [
        (3, 1, 5),
        (3, 2, 6),
        (4, 1, 6),
        (4, 2, 8),
        (9, 0, None),
    ]
    assert [each.again for each in found] == [False, True, False, True, False]
