from pathlib import Path

import pytest

from liquid.cells import LTC, CfC, LiquidS4, WiredCfC
from liquid.verify import check_file, load
from liquid.verify.recurrent import model_of
from liquid.verify.report import failures
from tests.liquid import golden


@pytest.mark.parametrize("path", golden.case_files(), ids=golden.name_of)
def test_golden_vectors(path: Path) -> None:
    report = check_file(path)
    assert report.passed, "\n".join(failures([report]))
    assert not report.notes


def test_own_cases_are_there() -> None:
    kinds = {type(model_of(load(path))[0]) for path in golden.HERE.glob("*.npz")}
    assert kinds == {LTC, CfC, LiquidS4, WiredCfC}
