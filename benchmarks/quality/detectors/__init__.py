"""Detectors by name; a new one is a file here and a line below."""

from __future__ import annotations

from benchmarks.quality.detectors.base import Detector, Hints
from benchmarks.quality.detectors.gaussian_scorer import GaussianScorer
from benchmarks.quality.detectors.half_space_trees import HalfSpaceTrees
from benchmarks.quality.detectors.matrix_profile import MatrixProfile
from benchmarks.quality.detectors.robust_z import RobustZ

__all__ = ["DETECTORS", "Detector", "Hints"]

DETECTORS: dict[str, type[Detector]] = {
    "rolling robust z": RobustZ,
    "river GaussianScorer": GaussianScorer,
    "river HalfSpaceTrees": HalfSpaceTrees,
    "left matrix profile (stumpi)": MatrixProfile,
}
