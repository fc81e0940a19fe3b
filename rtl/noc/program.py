"""Values of a mesh's input ports that stay constant in a run."""

from collections.abc import Sequence

from amaranth.lib import data

from trispike.models.errors import BadInput
from trispike.models.mesh.topology import MAX_DEAD_LINKS, DeadLink, MeshShape
from trispike.rtl.noc.route import DeadLinkEntry, detour_code


def dead_links_word(mesh: MeshShape, links: Sequence[DeadLink]) -> int:
    """Value of a mesh's port ``dead_links`` for the dead ``links``; unused entries are 0."""
    if len(links) > MAX_DEAD_LINKS:
        raise BadInput(f"a mesh knows of at most {MAX_DEAD_LINKS} dead links, not {len(links)}")
    entries = [
        {
            "valid": 1,
            "x": link.x,
            "y": link.y,
            "z": link.z,
            "detour": detour_code(mesh.detour(link)),
        }
        for link in links
    ]
    layout = data.ArrayLayout(DeadLinkEntry, len(entries))
    return layout.const(entries).as_bits() if entries else 0
