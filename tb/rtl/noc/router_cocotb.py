"""Testbench of the router: every port in every cycle against the golden router."""

from tb.kit.bench import Bench, scenario
from trispike.golden.mesh.router import RouterModel
from trispike.golden.mesh.routes import Routes
from trispike.models.mesh import flits
from trispike.models.mesh.flits import Command, FlitType
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, Routing
from trispike.rtl.noc.program import dead_links_word

_LONG = 0.3
"""Chance that a packet is longer than one flit."""


_MULTICAST = 0.5
"""Chance that a packet of one flit is a multicast."""


def _name(port):
    return port.name.lower()


class RouterBench(Bench):
    """Sends packets that each port may get, and compares all ports with the golden router.

    ``dead_links`` are given to the router, as lists of coordinates.
    """

    def __init__(self, pins, rng, *, mesh, here, depth, routing="xyz", dead_links=()):
        super().__init__(pins, rng)
        self.routing, self.depth, self.most_dead = Routing(routing), depth, len(dead_links)
        links = tuple(DeadLink(x=x, y=y, z=z) for x, y, z in dead_links)
        self.stand(MeshShape.parse(mesh), tuple(here), links)
        self.inputs = {port: self.driver(f"i_{_name(port)}", 32) for port in self.model.ports}
        self.outputs = {
            port: self.monitor(
                f"o_{_name(port)}", lambda flit, port=port: self._receive(port, flit)
            )
            for port in self.model.ports
        }
        self.received = {port: [] for port in self.model.ports}
        self.copies = 0  # that flits leave here on their way

    def stand(self, mesh, here, dead_links, targets=0):
        """Be the router ``here`` of ``mesh``; reset after it. ``targets``: see `_destinations`."""
        self.routes = Routes(mesh=mesh, routing=self.routing, dead_links=dead_links)
        self.here = here
        self.model = RouterModel(self.routes, here, self.depth)
        self.pins.set("here", sum(at << 3 * k for k, at in enumerate(here)))
        if self.most_dead:
            self.pins.set("dead_links", dead_links_word(mesh, dead_links))
        self.destinations = self._destinations(targets)

    def stand_anywhere(self):
        """Be a router with the same ports of any mesh with any dead links; reset after it."""
        rng, sides, here = self.rng, [], []
        for up, down in ((Port.EAST, Port.WEST), (Port.NORTH, Port.SOUTH), (Port.UP, Port.DOWN)):
            above, below = up in self.model.ports, down in self.model.ports
            side = rng.randint(1 + above + below, 8 if above or below else 1)
            sides.append(side)
            here.append(rng.randint(1, side - 2) if above and below else (side - 1) * below)
        mesh = MeshShape(x=sides[0], y=sides[1], z=sides[2])
        count = rng.choice([0, 1, 2, 2]) if mesh.z > 1 and mesh.x * mesh.y > 1 else 0
        count = min(count, self.most_dead)
        links = [self._dead_link(mesh, here) for _ in range(count)]
        if count > 1 and rng.random() < 0.3:  # the way round the second is dead, too
            x, y, z = links[0].x - 1, links[0].y, links[0].z
            links[1] = DeadLink(x=x, y=y, z=z) if x >= 0 else links[1]
            rng.shuffle(links)
        self.stand(mesh, tuple(here), tuple(links), targets=30)

    def _dead_link(self, mesh, here):
        """One beside ``here``, one that differs from that by a bit, or any."""
        rng, (x, y, z) = self.rng, here
        at = [x, y, min(max(0, z - rng.randrange(2)), mesh.z - 2)]
        most = [mesh.x - 1, mesh.y - 1, mesh.z - 2]
        kind = rng.choice(["beside", "a bit", "a bit", "any"])
        if kind == "any":
            pairs = zip(most, at, strict=True)
            at = [rng.randint(0, last) if rng.random() < 0.5 else near for last, near in pairs]
        elif kind == "a bit":
            axis = rng.randrange(3)
            flipped = [at[axis] ^ 1 << bit for bit in range(3)]
            at[axis] = rng.choice([each for each in flipped if each <= most[axis]] or [at[axis]])
        return DeadLink(x=at[0], y=at[1], z=at[2])

    def _destinations(self, count):
        """For each input, destinations of flits that may come by it: all, or ``count`` and more.

        Among these are all of its own column and of those of dead links.
        """
        targets = [(x, y, z) for x in range(8) for y in range(8) for z in range(8)]
        if count:
            columns = {self.here[:2], *((link.x, link.y) for link in self.routes.dead_links)}
            near = [to for to in targets if to[:2] in columns]
            targets = sorted({*near, *self.rng.sample(targets, count)})
        found = {Port.LOCAL: targets}
        for port in self.model.ports:
            if port is not Port.LOCAL:
                there = tuple(a + d for a, d in zip(self.here, port.step, strict=True))
                paths = {to: self.routes.path(there, to) for to in targets}
                found[port] = [to for to, path in paths.items() if self.here in path.nodes[1:2]]
        return found

    def _receive(self, port, flit):
        self.received[port].append(flit)

    async def reset(self):
        """Reset the router, and the golden one."""
        await super().reset()
        self.model.reset()

    @property
    def done(self):
        """Nothing is queued or under way."""
        return super().done and not any(self.model.queues.values())

    async def drain_and_count(self):
        """Drain, until the last drop is counted."""
        await self.drain()
        for _ in range(2):
            await self.step()

    def watch(self):
        where, get, model = f"cycle {self.cycle}", self.pins.get, self.model
        shown = model.shown()
        arriving, ready = {}, {}
        for port in model.ports:
            name = _name(port)
            assert get(f"i_{name}__ready") == model.ready(port), f"{where}: {name} ready"
            offer = shown.get(port)
            assert get(f"o_{name}__valid") == (offer is not None), f"{where}: {name} valid"
            if offer:
                got = get(f"o_{name}__payload")
                assert got == offer[1], (
                    f"{where}: {name} shows {flits.text(got)}, expected {flits.text(offer[1])}"
                )
            if get(f"i_{name}__valid"):
                arriving[port] = get(f"i_{name}__payload")
            ready[port] = bool(get(f"o_{name}__ready"))
        sent = sum(1 << port for port in shown if ready[port])
        assert get("sent") == sent, f"{where}: sent"
        assert get("dropped") == model.dropped, f"{where}: dropped"
        ports = sum(1 << port for port in model.dropped_ports)
        assert get("dropped_ports") == ports, f"{where}: dropped_ports"
        model.step(arriving, ready)

    def send_packet(self, port, to, length=1, *, multicast=False):
        """Queue a packet at the input ``port``; of one flit it may be a ``multicast``."""
        x, y, z = to
        bits = self.rng.getrandbits
        if length == 1:
            flit = flits.pack(
                flits.SPIKE, type=FlitType.SPIKE, x=x, y=y, z=z, to_host=int(multicast)
            )
            self.inputs[port].send(flit | bits(21) << 10)
            if flits.is_multicast(flit) and port is not Port.LOCAL and self.here != to:
                self.copies += 1
            return
        last = self.rng.choice([Command.DONE, Command.CORRUPTED, Command.CANCELLED])
        for k in range(length):
            command = Command.KEPT if k < length - 1 else last
            flit = flits.pack(
                flits.MEMORY, type=FlitType.MEMORY, x=x, y=y, z=z, command=int(command)
            )
            self.inputs[port].send(flit | bits(20) << 12)

    def send_any(self, port, *, inside=False):
        """Queue a packet at ``port`` for a random node; ``inside``: for one in the mesh."""
        ends = self.destinations[port]
        if inside:
            ends = [end for end in ends if not self.routes.path(self.here, end).dropped]
        columns = {self.here[:2], *((link.x, link.y) for link in self.routes.dead_links)}
        near = [end for end in ends if end[:2] in columns]
        if self.rng.random() < 0.5:
            ends = near or ends
        if ends:
            length = self.rng.randint(2, 6) if self.rng.random() < _LONG else 1
            multicast = self.rng.random() < _MULTICAST
            self.send_packet(port, self.rng.choice(ends), length, multicast=multicast)


@scenario(RouterBench)
async def empty(bench):
    """Without input nothing comes out."""
    for _ in range(10):
        await bench.step()


@scenario(RouterBench)
async def one_cycle(bench):
    """A flit that meets no other leaves one cycle after it came, for each possible turn."""
    bench.stall(never=True)
    for port, ends in bench.destinations.items():
        for end in bench.rng.sample(ends, min(6, len(ends))):
            bench.send_packet(port, end)
            path = bench.routes.path(bench.here, end)
            for _ in range(12):
                await bench.step()
            if not path.dropped or len(path.nodes) > 1:
                output = bench.outputs[path.ports[0]]
                assert output.taken[-1] == bench.inputs[port].taken[-1] + 1


@scenario(RouterBench)
async def every_cycle(bench):
    """A port takes and gives a flit in each cycle, also in packets of several flits."""
    bench.stall(never=True)
    ends = [end for end in bench.destinations[Port.LOCAL] if bench.routes.mesh.holds(end)]
    for end in ends[:: max(1, len(ends) // 4)]:
        first = len(bench.inputs[Port.LOCAL].taken)
        for length in (1, 1, 5, 1, 3):
            bench.send_packet(Port.LOCAL, end, length)
        await bench.drain()
        taken = bench.inputs[Port.LOCAL].taken[first:]
        assert taken == list(range(taken[0], taken[0] + 11))


def _passing(bench):
    """An input from a neighbour, and a node to which flits go on from here."""
    for port, ends in bench.destinations.items():
        for end in ends if port is not Port.LOCAL else ():
            path = bench.routes.path(bench.here, end)
            if path.ports[0] is not Port.LOCAL and not path.dropped and any(end):
                return port, end, path.ports[0]
    return None


@scenario(RouterBench)
async def copies_in_every_cycle(bench):
    """A multicast leaves by two ports in one cycle, one multicast after the other."""
    bench.stall(never=True)
    passing = _passing(bench)
    if passing is None:
        return
    port, end, onward = passing
    for _ in range(8):
        bench.send_packet(port, end, multicast=True)
    await bench.drain()
    taken = bench.inputs[port].taken
    assert bench.outputs[onward].taken == bench.outputs[Port.LOCAL].taken
    assert bench.outputs[onward].taken == [cycle + 1 for cycle in taken]
    assert taken == list(range(taken[0], taken[0] + 8))


@scenario(RouterBench)
async def copies_wait(bench):
    """What waits for one port holds up nothing at the other, and is neither lost nor doubled."""
    passing = _passing(bench)
    if passing is None:
        return
    port, end, onward = passing
    for busy, idle in ((Port.LOCAL, onward), (onward, Port.LOCAL)):
        bench.stall(never=True)
        bench.outputs[busy].pace = 0.0
        before = {output: len(bench.received[output]) for output in (busy, idle)}
        bench.send_packet(port, end, multicast=True)
        bench.send_packet(port, end, multicast=True)
        for _ in range(6):
            await bench.step()
        assert len(bench.received[idle]) == before[idle] + 1
        assert len(bench.received[busy]) == before[busy]
        bench.stall(never=True)
        await bench.drain()
        assert all(len(bench.received[each]) == before[each] + 2 for each in (busy, idle))


@scenario(RouterBench)
async def everyone_to_one(bench):
    """All inputs request one output all the time: each is granted in turn."""
    bench.stall(never=True)
    everyone = [port for port in bench.model.ports if bench.here in bench.destinations[port]]
    for port in everyone:
        for _ in range(8):
            bench.send_packet(port, bench.here)
    await bench.drain()
    last = {port: bench.inputs[port].taken[-1] for port in everyone}
    assert max(last.values()) - min(last.values()) <= len(everyone)
    local = bench.outputs[Port.LOCAL].taken
    assert local == list(range(local[0], local[0] + 8 * len(everyone)))


@scenario(RouterBench)
async def random_without_stalls(bench):
    """Any packets at all ports."""
    bench.stall(never=True)
    for port in bench.model.ports:
        for _ in range(80):
            bench.send_any(port)
    await bench.drain()


@scenario(RouterBench)
async def random_stalls(bench):
    """Any packets at all ports, stalls on all sides: nothing lost, packets whole."""
    for _ in range(12):
        bench.stall()
        for port in bench.model.ports:
            for _ in range(4):
                bench.send_any(port)
        await bench.drain()
    await bench.drain_and_count()
    sent = sum(len(driver.taken) for driver in bench.inputs.values())
    came = sum(len(flits_) for flits_ in bench.received.values())
    assert came + bench.model.dropped == sent + bench.copies
    for port, received in bench.received.items():
        open_ = None  # the destination of the packet that is not at its end
        for flit in received:
            head = flit & 0x3FF
            assert open_ in (None, head), f"{_name(port)}: packets are mixed"
            open_ = None if flits.ends_packet(flit) else head


@scenario(RouterBench)
async def anywhere(bench):
    """At other places, in other meshes, with other dead links: the ports alone tell of them."""
    for _ in range(150):
        bench.stand_anywhere()
        await bench.reset()
        bench.stall(never=bench.rng.random() < 0.5)
        for port in bench.model.ports:
            for _ in range(4):
                bench.send_any(port)
        await bench.drain_and_count()


@scenario(RouterBench)
async def nowhere(bench):
    """Flits to nodes outside the mesh are dropped and counted, and delay no other flit."""
    bench.stall()
    ends = bench.destinations[Port.LOCAL]
    paths = {end: bench.routes.path(bench.here, end) for end in ends}
    lost = [end for end, path in paths.items() if path.dropped and len(path.nodes) == 1]
    for end in bench.rng.sample(lost, min(30, len(lost))):
        bench.send_packet(Port.LOCAL, end, bench.rng.choice([1, 3]))
        bench.send_any(Port.LOCAL, inside=True)
    await bench.drain_and_count()
    assert bool(bench.model.dropped) == bool(lost)


@scenario(RouterBench)
async def reset_in_mid_flight(bench):
    """A reset discards everything, also packets of which a part has left."""
    for _ in range(6):
        bench.stall()
        for port in bench.model.ports:
            for _ in range(3):
                bench.send_any(port)
        for _ in range(bench.rng.randint(1, 20)):
            await bench.step()
        await bench.reset()
    bench.stall(never=True)
    for port in bench.model.ports:
        bench.send_any(port, inside=True)
    await bench.drain()
