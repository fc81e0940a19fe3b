"""Testbench of the mesh: flits between all nodes against the paths of the golden model."""

import collections

from tb.kit.bench import Bench, scenario
from trispike.golden.mesh.routes import Routes, zero_load_latency
from trispike.models.mesh import flits
from trispike.models.mesh.flits import Command, FlitType
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, Routing
from trispike.rtl.noc.mesh import STALL_BITS, node_name
from trispike.rtl.noc.program import dead_links_word

_FROM_NODE = len(Port)
"""Bit of ``stall`` for the link from the node."""


class MeshBench(Bench):
    """Sends packets from node to node; each must come whole, in order, over the links of its path.

    ``dead_links`` are given to the routers, as lists of coordinates; with ``stalls`` links stall.
    """

    def __init__(self, pins, rng, *, mesh, routing="xyz", dead_links=(), stalls=False):
        super().__init__(pins, rng)
        shape = MeshShape.parse(mesh)
        links = tuple(DeadLink(x=x, y=y, z=z) for x, y, z in dead_links)
        self.routes = Routes(mesh=shape, routing=Routing(routing), dead_links=links)
        self.nodes = list(shape.every())
        self.inputs = {node: self.driver(f"i_{node_name(node)}", 32) for node in self.nodes}
        self.outputs = {
            node: self.monitor(
                f"o_{node_name(node)}", lambda flit, node=node: self._got(node, flit)
            )
            for node in self.nodes
        }
        if links:
            pins.set("dead_links", dead_links_word(shape, links))
        self.stalls = dict.fromkeys(self.nodes if stalls else (), 0)
        self.forget()

    def forget(self):
        """Begin to count anew: nothing is under way."""
        self.due = collections.defaultdict(collections.deque)  # by receiver, source and type
        self.open = {}  # by receiver: the source whose transaction has more flits to come
        self.left, self.sent = collections.Counter(), collections.Counter()  # by node and port
        self.dropped = collections.Counter()
        self.stall_links(lambda: 0)
        self.stalled = dict(self.stalls)

    def stall_links(self, chosen):
        """From the next cycle on each router has the links stalled that ``chosen()`` says."""
        for node in self.stalls:
            self.stalls[node] = chosen()
            self.pins.set(f"stall_{node_name(node)}", self.stalls[node])

    async def reset(self):
        """Reset the mesh."""
        self.forget()
        await super().reset()

    @property
    def done(self):
        """Nothing is queued or under way."""
        return super().done and not any(self.due.values())

    def watch(self):
        for node in self.nodes:
            sent = self.pins.get(f"sent_{node_name(node)}")
            for port in Port:
                self.left[node, port] += sent >> port & 1
            if self.stalls:
                stalled, here = self.stalled[node], f"cycle {self.cycle}: node {node_name(node)}"
                assert not sent & stalled, f"{here}: {sent:#x} passed stalled links {stalled:#x}"
                ready = self.pins.get(f"i_{node_name(node)}__ready")
                assert not (ready and stalled >> _FROM_NODE), f"{here}: took a flit while stalled"
        self.stalled = dict(self.stalls)  # a register is between

    def send(self, source, destination, length=1, *, multicast=False):
        """Queue a packet of ``length`` flits; of one flit it may be a ``multicast``."""
        bits, fields = self.rng.getrandbits, flits.to_node(destination)
        if length == 1:
            fields |= {**flits.from_node(source), "type": FlitType.SPIKE, "to_host": multicast}
            packet = [flits.pack(flits.SPIKE, **fields) | bits(8) << 22 | bits(3) << 10]
        else:
            fields["type"] = FlitType.MEMORY
            packet = [
                flits.pack(flits.MEMORY, **fields, command=Command.KEPT) | bits(17) << 15
                for _ in range(length)
            ]
            names = flits.from_node(source)
            for name in names:
                packet[0] &= ~flits.HEAD[name].put(flits.HEAD[name].mask)
            packet[0] |= flits.pack(flits.HEAD, **names)
            packet[-1] ^= flits.MEMORY["command"].put(Command.KEPT ^ Command.DONE)
        for flit in map(int, packet):
            self.inputs[source].send(flit, lambda flit=flit: self._taken(source, destination, flit))

    def _taken(self, source, destination, flit):
        path = self.routes.path(source, destination)
        *passed, (node, port) = zip(path.nodes, path.ports, strict=True)
        self.sent.update(passed)
        for copied in path.copies if flits.is_multicast(flit) else ():
            self.sent[copied, Port.LOCAL] += 1
            self.due[copied, source, flit & 1].append(flit)
        if path.dropped:
            self.dropped[node] += 1
        else:
            self.sent[node, port] += 1
            self.due[node, source, flit & 1].append(flit)

    def _got(self, node, flit):
        where = f"cycle {self.cycle}: node {node_name(node)}"
        memory = flits.SPIKE["type"].get(flit) == FlitType.MEMORY
        assert memory or node not in self.open, f"{where}: {flits.text(flit)} in a transaction"
        if node not in self.open:
            names = flits.HEAD if memory else flits.SPIKE
            self.open[node] = tuple(names[f"source_{axis}"].get(flit) for axis in "xyz")
        source = self.open[node]
        if flits.ends_packet(flit):
            del self.open[node]
        due = self.due[node, source, flit & 1]
        assert due, f"{where}: unexpected {flits.text(flit)}"
        want = due.popleft()
        assert flit == want, f"{where}: got {flits.text(flit)}, expected {flits.text(want)}"

    async def settle(self):
        """Drain the mesh, and compare what passed each link and what was dropped."""
        await self.drain()
        for _ in range(20):  # what is dropped is seen nowhere else
            await self.step()
        assert +self.left == self.sent
        for node in self.nodes:
            name = node_name(node)
            got = self.pins.get(f"dropped_{name}")
            assert got == self.dropped[node], f"dropped_{name}: {got}, not {self.dropped[node]}"


@scenario(MeshBench)
async def all_pairs(bench):
    """Each flit alone: hops + 1 cycles, over the links of its path."""
    bench.stall(never=True)
    for source in bench.nodes:
        for destination in bench.nodes:
            bench.send(source, destination)
            await bench.drain()
            hops = bench.routes.path(source, destination).hops
            latency = bench.outputs[destination].taken[-1] - bench.inputs[source].taken[-1]
            assert latency == zero_load_latency([hops])[0], f"{source} to {destination}"
    await bench.settle()


@scenario(MeshBench)
async def everyone_to_everyone(bench):
    """All send all they can to all, packets of any length, with stalls on all sides."""
    for _ in range(6):
        bench.stall()
        for source in bench.nodes:
            for destination in bench.rng.sample(bench.nodes, len(bench.nodes)):
                bench.send(source, destination, bench.rng.choice([1, 1, 2, 5]))
        await bench.drain()
    await bench.settle()


@scenario(MeshBench)
async def copies_alone(bench):
    """A multicast comes to each node on its way as early as a flit to that node alone would."""
    bench.stall(never=True)
    for source in bench.nodes:
        for destination in bench.nodes[1:]:
            before = {node: len(bench.outputs[node].taken) for node in bench.nodes}
            bench.send(source, destination, multicast=True)
            await bench.drain()
            path = bench.routes.path(source, destination)
            came = {node for node in bench.nodes if len(bench.outputs[node].taken) > before[node]}
            assert came == {*path.copies, destination}
            for hops, node in enumerate(path.nodes):
                if node in came:
                    latency = bench.outputs[node].taken[-1] - bench.inputs[source].taken[-1]
                    assert latency == zero_load_latency([hops])[0], f"{source}, {node}"
    await bench.settle()


@scenario(MeshBench)
async def copies_among_others(bench):
    """Multicasts among packets from all to all, with stalls on all sides: each node gets one."""
    for _ in range(6):
        bench.stall()
        for source in bench.nodes:
            for destination in bench.rng.sample(bench.nodes, len(bench.nodes)):
                multicast = bench.rng.random() < 0.5
                length = 1 if multicast else bench.rng.choice([1, 1, 2, 5])
                bench.send(source, destination, length, multicast=multicast)
        await bench.drain()
    await bench.settle()


@scenario(MeshBench)
async def back_pressure(bench):
    """A node that takes nothing stops its flits, loses none, and delays no flit between others."""
    for slow in bench.nodes:
        bench.stall(never=True)
        bench.outputs[slow].pace = 0.0
        for source in bench.nodes:
            for _ in range(12):
                bench.send(source, slow)
        for _ in range(60):
            await bench.step()
        assert not all(driver.idle for driver in bench.inputs.values())
        bench.outputs[slow].pace = 1.0
        await bench.settle()


@scenario(MeshBench)
async def nowhere(bench):
    """Flits for nodes outside of the mesh vanish, and are counted where they do."""
    x, y, z = bench.routes.mesh.sides
    for source in bench.nodes:
        for outside in ((x, 0, 0), (0, y, 0), (0, 0, z)):
            bench.send(source, outside)
    await bench.settle()
    assert sum(bench.dropped.values()) == 3 * len(bench.nodes)


@scenario(MeshBench)
async def stalled_links(bench):
    """Links that stall at random pass nothing then, and lose nothing."""
    bench.stall(never=True)
    for _ in range(4):
        for source in bench.nodes:
            for destination in bench.nodes:
                multicast = bench.rng.random() < 0.3
                length = 1 if multicast else bench.rng.choice([1, 3])
                bench.send(source, destination, length, multicast=multicast)
        while not bench.done:
            # A link to a node that stalls breaks the handshake: valid falls.
            bench.stall_links(lambda: bench.rng.getrandbits(STALL_BITS) & ~(1 << Port.LOCAL))
            await bench.step()
    bench.stall_links(lambda: 0)
    await bench.settle()


@scenario(MeshBench)
async def stalled_nodes(bench):
    """Nothing comes out by the link to a node while that is stalled."""
    bench.stall_links(lambda: 1 << Port.LOCAL)
    for node in bench.nodes:
        bench.send(node, node)
    for _ in range(20):
        await bench.step()
    assert any(bench.due.values()) == bool(bench.stalls)
    bench.stall_links(lambda: 0)
    await bench.settle()
