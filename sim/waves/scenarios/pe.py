"""Scenarios of the processing element."""

from trispike.models.network.numbers import CONSTANT_BITS, CONSTANT_MAX, POTENTIAL_BITS, TernaryCode
from trispike.rtl.neuron.pe import PEState, ProcessingElement
from trispike.sim.waves.probe import bits, names, signed
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.stimulus import Stimulus

_UNUSED = 0b10
_CODES = (TernaryCode.ZERO, TernaryCode.PLUS, TernaryCode.MINUS, _UNUSED)
_SIGNALS = {
    "state": names(PEState),
    "weights": bits,
    "bias": bits,
    "plus": signed,
    "threshold": signed,
    "potential": signed,
    "spike": bits,
}

MOST_INPUTS = 1024
"""Fan-in of the seed's widest layers: their potentials fit with every scale constant."""


async def _operate(
    stimulus: Stimulus, state: PEState, constant: int = 0, code: int = 0, threshold: int = 0
) -> None:
    """Pass one cycle in ``state``; ``code`` is the weight's and the bias' alike."""
    stimulus.set(
        state=state.value,
        weights=code,
        bias=code,
        plus=constant,
        minus=-constant & ((1 << CONSTANT_BITS) - 1),
        threshold=threshold & ((1 << POTENTIAL_BITS) - 1),
    )
    await stimulus.cycles()


async def _every_operation(stimulus: Stimulus) -> None:
    for code in _CODES:
        await _operate(stimulus, PEState.BIAS, 5, code)
        await _operate(stimulus, PEState.INTEGRATE, CONSTANT_MAX, code)
        await _operate(stimulus, PEState.HOLD)
        await _operate(stimulus, PEState.INTEGRATE, 1, code)
        sign = {TernaryCode.PLUS: 1, TernaryCode.MINUS: -1}.get(code, 0)
        await _operate(stimulus, PEState.FIRE, 5, code, threshold=sign * 133 - 1)
        # The FIRE before has loaded the bias.
        await _operate(stimulus, PEState.FIRE, CONSTANT_MAX, code, threshold=sign * 5)
    await _operate(stimulus, PEState.HOLD)


def _extreme(name: str, code: TernaryCode) -> Scenario:
    largest = (MOST_INPUTS + 1) * CONSTANT_MAX * (1 if code == TernaryCode.PLUS else -1)

    async def drive(stimulus: Stimulus) -> None:
        await _operate(stimulus, PEState.BIAS, CONSTANT_MAX, code)
        for remaining in reversed(range(MOST_INPUTS)):
            if remaining == 3:
                stimulus.record()
            await _operate(stimulus, PEState.INTEGRATE, CONSTANT_MAX, code)
        await _operate(stimulus, PEState.HOLD)
        await _operate(stimulus, PEState.FIRE, CONSTANT_MAX, code, threshold=largest - 1)
        await _operate(stimulus, PEState.HOLD)

    return Scenario(
        name=name,
        about=f"the last of {MOST_INPUTS} integrations towards {largest:,}, and FIRE just above",
        block=ProcessingElement,
        drive=drive,
        signals=_SIGNALS,
        limit=2 * MOST_INPUTS,
    )


SCENARIOS = (
    Scenario(
        name="pe_operations",
        about="each code through every operation; the first FIRE is one above its threshold, the "
        "second on it",
        block=ProcessingElement,
        drive=_every_operation,
        signals=_SIGNALS,
    ),
    _extreme("pe_largest", TernaryCode.PLUS),
    _extreme("pe_smallest", TernaryCode.MINUS),
)
