"""Flits on every link of a mesh on which a network is loaded and runs."""

import numpy as np

from trispike.golden.mesh.nodes import Exchange
from trispike.golden.mesh.routes import Routes, expect, link_flits
from trispike.models.mesh.mapping import HOST


def run_links(run: Exchange, routes: Routes) -> np.ndarray:
    """Flits that leave each router by each port in ``run``: int64, shape (nodes, 7), by `Port`.

    The host's enter at the router of `HOST`, and what is for it leaves there by LOCAL. All paths of
    ``routes`` between the nodes in use must lead somewhere, see `Routes.broken`.
    """
    mesh = run.mapping.mesh
    router = [*range(mesh.nodes), mesh.number(HOST)]
    sent = np.zeros((mesh.nodes, mesh.nodes))
    for flow in run.flows:
        sent[router[flow.sender], router[flow.receiver]] += run.count(flow)
    return link_flits(routes, sent).astype(np.int64)


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
