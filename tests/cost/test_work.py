"""Every operator kind of the issue is counted as work of its own kind, on every core family with a range."""

import numpy as np
import pytest

from cascade.cost.calibration import known_models
from cascade.cost.cores import CORES
from cascade.cost.estimate import Demand, Target, estimate_demand
from cascade.cost.layers import layer_kind
from cascade.cost.reference_models import PlainOperator
from cascade.cost.work import GROUPS, operator_work

PICTURE, DEEP, LINE = (1, 10, 10, 3), (1, 10, 10, 8), (1, 64)


@pytest.mark.parametrize(("operator", "group", "amount"), [
    pytest.param(PlainOperator("CONV_2D", 7_200, (DEEP,), (DEEP,), (3, 3)), "conv_kxk", 7_200, id="convolution 3 x 3"),
    pytest.param(PlainOperator("CONV_2D", 6_400, (DEEP,), (DEEP,), (1, 1)), "conv_1x1", 6_400, id="convolution 1 x 1"),
    pytest.param(PlainOperator("CONV_2D", 2_700, (PICTURE,), (DEEP,), (3, 3)), "conv_shallow", 2_700,
                 id="first convolution of a picture"),
    pytest.param(PlainOperator("TRANSPOSE_CONV", 7_200, (DEEP,), (DEEP,), (3, 3)), "conv_kxk", 7_200,
                 id="transposed convolution"),
    pytest.param(PlainOperator("DEPTHWISE_CONV_2D", 900, (DEEP,), (DEEP,), (3, 3)), "depthwise", 900, id="depthwise"),
    pytest.param(PlainOperator("FULLY_CONNECTED", 640, (LINE,), ((1, 10),)), "fully_connected", 640, id="dense"),
    pytest.param(PlainOperator("UNIDIRECTIONAL_SEQUENCE_LSTM", 9_000, (LINE,), (LINE,)), "fully_connected", 9_000,
                 id="LSTM"),
    pytest.param(PlainOperator("SVDF", 9_000, (LINE,), (LINE,)), "fully_connected", 9_000, id="SVDF"),
    pytest.param(PlainOperator("AVERAGE_POOL_2D", 0, (DEEP,), ((1, 5, 5, 8),), (2, 2)), "element", 800,
                 id="pooling reads all its inputs"),
    pytest.param(PlainOperator("ADD", 0, (DEEP, DEEP), (DEEP,)), "element", 800, id="addition"),
    pytest.param(PlainOperator("SOFTMAX", 0, (LINE,), (LINE,)), "softmax", 64, id="softmax"),
    pytest.param(PlainOperator("LOGISTIC", 0, (LINE,), (LINE,)), "lookup", 64, id="logistic"),
    pytest.param(PlainOperator("PAD", 0, (DEEP,), (DEEP,)), "move", 800, id="padding moves"),
    pytest.param(PlainOperator("QUANTIZE", 0, (LINE,), (LINE,)), "convert", 64, id="quantize"),
    pytest.param(PlainOperator("RESIZE_BILINEAR", 0, (DEEP,), (DEEP,)), "resize", 800, id="resize"),
    pytest.param(PlainOperator("RESHAPE", 0, (LINE,), (LINE,)), "operator", 1, id="reshape is only run"),
])
def test_kinds_of_operators(operator: PlainOperator, group: str, amount: int) -> None:
    work = dict(zip(GROUPS, operator_work(operator), strict=True))
    assert work[group] == amount
    assert work["operator"] == 1
    assert layer_kind(operator)


@pytest.mark.parametrize(("core", "library"), [
    pytest.param(core.name, library, id=f"{core.name} {library}") for core in CORES.values()
    for library in core.libraries if library != "mvp"
])
def test_every_core_with_every_library_gives_a_range_with_its_basis(core: str, library: str) -> None:
    work = known_models()["vww"]
    try:
        found = estimate_demand(Demand(int(work[:5].sum()), work, "int8"), Target(core, True, 100e6, library))
    except Exception as error:
        assert "no tuned kernels were measured" in str(error)  # noqa: PT017
        return
    assert 0.0 < found.low_s < found.typical_s < found.high_s
    assert found.basis
    assert found.source


def test_a_fixed_cost_per_operator_and_none_for_size_alone() -> None:
    one = PlainOperator("FULLY_CONNECTED", 640, (LINE,), ((1, 10),))
    twice = operator_work(one) + operator_work(one)
    assert twice[GROUPS.index("operator")] == 2
    assert np.array_equal(operator_work(one) * 2, twice)
