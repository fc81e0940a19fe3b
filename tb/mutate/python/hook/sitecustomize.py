"""Has this Python import what `tb.mutate.python.overlay` puts in the place of modules.

Python imports a module of this name as it starts, if its folder is on PYTHONPATH.
"""

import os
import sys
from pathlib import Path

if "TRISPIKE_OVERLAY" in os.environ:
    import importlib.util

    _path = Path(__file__).parents[1] / "overlay.py"
    _spec = importlib.util.spec_from_file_location("_trispike_overlay", _path)
    _module = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(_module)
    sys.meta_path.insert(0, _module.Finder(Path(os.environ["TRISPIKE_OVERLAY"])))
