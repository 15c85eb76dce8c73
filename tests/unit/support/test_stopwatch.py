"""The stopwatch of the tests counts waiting and work, so that bounds on time can fail."""

import os
import time

from tests.support.stopwatch import Stopwatch


def test_seconds_of_waiting_count() -> None:
    took = Stopwatch()
    time.sleep(0.5)
    assert 0.2 < took.seconds < 5


def test_seconds_of_work_count() -> None:
    took = Stopwatch(os.getpid())
    began = time.process_time()
    while time.process_time() - began < 0.2:
        pass
    assert took.seconds > 0.1


def test_all_seconds_count_for_a_process_that_is_gone() -> None:
    took = Stopwatch(2**22 + 1)
    time.sleep(0.1)
    assert took.seconds >= 0.1
