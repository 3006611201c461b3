"""Architecture search: which stack of cells forecasts best for what it costs, on your data and your machine.

Genomes of blocks (cell, width, depth, wiring, way around the block) are evolved by NSGA-II (Deb et al. 2002) in Optuna
against three measured objectives: error on held-out data after a short training, latency of one event, and bytes of
state per series. From the shell: ``python -m liquid.search FILE.csv``. Needs the extra ``search``.
"""

from __future__ import annotations

from liquid.search.evolution import Found, front, search
from liquid.search.genome import Genome, Space
from liquid.search.objectives import Measured, Task, measure

__all__ = ["Found", "Genome", "Measured", "Space", "Task", "front", "measure", "search"]
