"""Timings of the library beside its peers: ``make bench``, or ``python -m benchmarks``.

A benchmark is a module ``<name>_bench`` of this folder with ``TITLE``, ``PEERS`` and ``run``; it is
found by its name. `harness` has what they share.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy: one thread, so that CPU and clock agree
