"""Flits on every link of a mesh on which a network is loaded and runs."""

import numpy as np

from trispike.golden.mesh.nodes import Exchange
from trispike.golden.mesh.routes import Routes, expect, link_flits
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import Port


def run_links(run: Exchange, routes: Routes) -> np.ndarray:
    """Flits that leave each router by each port in ``run``: int64, shape (nodes, 7), by `Port`.

    The host's enter at the router of `HOST`, and what is for it leaves there by LOCAL. A multicast
    passes its way once, and leaves by LOCAL wherever there is a copy. All paths of ``routes``
    between the nodes in use must lead somewhere, see `Routes.broken`.
    """
    mesh = run.mapping.mesh
    router = [*range(mesh.nodes), mesh.number(HOST)]
    sent, copies = np.zeros((mesh.nodes, mesh.nodes)), np.zeros(mesh.nodes, dtype=np.int64)
    for flow in run.flows:
        if flow.copies:
            copies[flow.receiver] += run.count(flow)
        else:
            sent[router[flow.sender], router[flow.receiver]] += run.count(flow)
    links = link_flits(routes, sent).astype(np.int64)
    links[:, Port.LOCAL] += copies
    return links


def transaction_links(
    routes: Routes, requests: np.ndarray, senders: np.ndarray, answers: np.ndarray
) -> np.ndarray:
    """Flits that leave each router by each port in memory transactions of the host.

    ``requests`` are the flits that the host sends, ``answers`` those that it gets, both uint32 of
    shape (flits,), of one transaction after the other; ``senders`` are the node numbers that the
    answers come from. Returns int64 of shape (nodes, 7), by `Port`.
    """
    host = routes.mesh.number(HOST)
    sources = np.concatenate([np.full(len(requests), host), senders])
    return expect(routes, sources, np.concatenate([requests, answers])).links
