"""Claims of the literature on liquid networks, each measured by a script of its own; docs/claims.md tells what held.

    python -m benchmarks.claims.<name> [--seeds 5] [--quick] [--write]

`--write` puts the tables into docs/claims.md. Peers (torch, ncps) come with ``pip install -e '.[peers]'``.
"""
