"""Latency against load: the points of one mesh and one traffic."""

import dataclasses

from trispike.models.mesh.topology import MeshShape
from trispike.models.mesh.traffic import Pattern
from trispike.sim.noc.figures import Point, bisection_bound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Curve:
    """Runs of one mesh under one kind of traffic, by ascending rate; at least one."""

    mesh: str
    pattern: str
    points: tuple[Point, ...]

    @property
    def lowest(self) -> Point:
        """The run at the lowest load."""
        return self.points[0]

    @property
    def saturation(self) -> float | None:
        """Lowest offered load of which less than 95% was accepted; None if all were accepted."""
        return next((point.offered for point in self.points if point.saturated), None)

    @property
    def most_accepted(self) -> float:
        """Largest accepted load."""
        return max(point.accepted for point in self.points)

    @property
    def most_starved(self) -> int | None:
        """Most sources that a run starved; None if that was not measured, or flits were too few."""
        starved = [point.fairness.starved for point in self.points if point.fairness]
        return max((len(names) for names in starved if names is not None), default=None)

    @property
    def bound(self) -> float:
        """Load beyond which no network accepts all, from the run with the most flits."""
        return max(self.points, key=lambda point: point.flits).bound

    @property
    def bisection(self) -> float | None:
        """The bisection bound, which is that of uniform traffic only."""
        if self.pattern != Pattern.UNIFORM.value:
            return None
        return bisection_bound(MeshShape.parse(self.mesh))


def curves(points: list[Point]) -> list[Curve]:
    """``points`` by mesh and pattern, both in the order of the number of nodes and of `Pattern`."""
    by_curve: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        by_curve.setdefault((point.mesh, point.pattern), []).append(point)
    order = [pattern.value for pattern in Pattern]

    def place(key: tuple[str, str]):
        return MeshShape.parse(key[0]).nodes, key[0], order.index(key[1])

    return [
        Curve(
            mesh=mesh,
            pattern=pattern,
            points=tuple(sorted(by_curve[mesh, pattern], key=lambda point: point.rate)),
        )
        for mesh, pattern in sorted(by_curve, key=place)
    ]
