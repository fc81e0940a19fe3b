"""Options of the test suite."""


def pytest_addoption(parser):
    """``--seeds N``: how many random networks `tb/sim/cosim/test_random.py` tries."""
    parser.addoption("--seeds", type=int, default=12, help="random networks to try, four a shape")
