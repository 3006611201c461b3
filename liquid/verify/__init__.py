"""Golden vectors made with the reference libraries, checked against the cells: ``python -m liquid.verify DIR``."""

from liquid.verify.case import Case, Failure, Unusable, load
from liquid.verify.checks import Check
from liquid.verify.report import FileReport, check_file, check_folder

__all__ = ["Case", "Check", "Failure", "FileReport", "Unusable", "check_file", "check_folder", "load"]
