"""Code that uses numpy or pandas: arrays and frames are given, and compared by the library's own functions."""

import pytest
from exploring import explored, the_only, written

pytest.importorskip("numpy")
pytest.importorskip("pandas")


def operators(exploration):
    return {check.operator for case in exploration.cases for check in case.checks}


def test_arrays_are_given_and_compared_by_numpy(tmp_path):
    source = """
        import numpy as np

        def normalized(values: np.ndarray) -> np.ndarray:
            spread = values.max() - values.min()
            if spread == 0:
                return np.zeros_like(values, dtype=float)
            return (values - values.min()) / spread
    """
    exploration = the_only(explored(tmp_path, source))
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert operators(exploration) >= {"numpy.testing.assert_allclose"}
    assert ("numpy", "") in {pair for case in exploration.cases for pair in case.imports}
    assert "    numpy.testing.assert_allclose(" in written(exploration)


def test_whole_numbers_are_compared_exactly_and_unusual_types_are_said(tmp_path):
    source = """
        import numpy as np

        def next_bytes(values: list[int]) -> np.ndarray:
            return np.array(values, dtype=np.uint8) + 1
    """
    exploration = the_only(explored(tmp_path, source))
    assert "numpy.testing.assert_array_equal" in operators(exploration)
    assert "numpy.testing.assert_allclose" not in operators(exploration)
    assert 'dtype="uint8"' in written(exploration)


def test_arrays_in_a_container_are_compared_one_by_one(tmp_path):
    source = """
        import numpy as np

        def halves(values: np.ndarray):
            middle = len(values) // 2
            return values[:middle], values[middle:]
    """
    exploration = the_only(explored(tmp_path, source))
    subjects = {check.subject for case in exploration.cases for check in case.checks}
    assert subjects >= {"len(result)", "result[0]", "result[1]"}
    assert exploration.mutants_killed == exploration.mutants_total > 0


def test_arrays_that_are_changed_are_asserted_also_as_attributes(tmp_path):
    source = """
        import numpy as np

        def clip(values: np.ndarray, top: float) -> None:
            values[values > top] = top

        class Grid:
            def __init__(self, rows: int):
                self.cells = np.zeros(rows, dtype=int)

            def mark(self, row: int) -> None:
                self.cells[row] += 1
    """
    found = explored(tmp_path, source)
    assert "values" in {check.subject for case in found["clip"].cases for check in case.checks}
    assert found["Grid.mark"].mutants_killed == found["Grid.mark"].mutants_total > 0
    assert "grid.cells" in {check.subject for case in found["Grid.mark"].cases for check in case.checks}


@pytest.mark.parametrize(
    ("source", "operator"),
    [
        pytest.param(
            """
            import pandas as pd

            def with_total(orders: pd.DataFrame) -> pd.DataFrame:
                orders = orders.assign(total=orders["price"] * orders["count"])
                return orders[orders["total"] != 0]
            """,
            "pandas.testing.assert_frame_equal",
            id="frame",
        ),
        pytest.param(
            """
            import pandas as pd

            def sums(df):
                return df.groupby("name")["amount"].sum()
            """,
            "pandas.testing.assert_series_equal",
            id="series-with-an-index",
        ),
        pytest.param(
            """
            import pandas as pd

            def days(count: int) -> pd.DatetimeIndex:
                return pd.date_range("2024-01-01", periods=count)
            """,
            "pandas.testing.assert_index_equal",
            id="index",
        ),
    ],
)
def test_what_pandas_gives_is_compared_by_pandas(tmp_path, source, operator):
    exploration = the_only(explored(tmp_path, source))
    assert operator in operators(exploration)
    assert exploration.mutants_killed == exploration.mutants_total > 0


def test_frames_that_are_changed_are_asserted(tmp_path):
    source = """
        import pandas as pd

        def add_flag(df: pd.DataFrame) -> None:
            df["flag"] = df["amount"] > 10
    """
    exploration = the_only(explored(tmp_path, source))
    assert {check.subject for case in exploration.cases for check in case.checks} == {"df"}
    assert exploration.mutants_killed == exploration.mutants_total > 0
