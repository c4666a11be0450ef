"""Learning in the background: verdicts become examples, and a process of its own fits the model."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import models
from models.spam.site.packing import unpack_answer
from service.errors import UnavailableError
from service.house import House
from service.learning.lessons import BATCH, learn
from service.learning.training import Fit, claim_fit, fail_fit, finish_fit

log = logging.getLogger("gatepost.learning")

BATCHES = 10
PACKAGES = Path(models.__file__).parents[1]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
DEADLINE_SHARE = 0.8  # of the lease: an answer must come while we still hold it

Refit = Callable[[bytes], bytes]
Context = Callable[[], AbstractContextManager[Any]]


class RefitError(Exception):
    """The fitting process failed, or took too long."""


class FittingProcess:
    """Fits in a child process: scikit-learn and scipy never come into the one that serves.

    The child gets numbers on its standard input and gives numbers back. It sees no database, no
    keys and none of our environment.

    Args:
        deadline: seconds it may take.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._child: subprocess.Popen[bytes] | None = None

    def __call__(self, request: bytes) -> bytes:
        """Return the answer to a request.

        Raises:
            RefitError: it failed or took too long.
        """
        command = [sys.executable, "-m", "models.spam.site.refit"]
        with subprocess.Popen(  # noqa: S603 - our own module, nothing from outside in the command
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=PACKAGES,
            env=ONE_THREAD,
        ) as child:
            self._child = child
            try:
                answer, complaint = child.communicate(request, timeout=self.deadline)
            except subprocess.TimeoutExpired:
                child.kill()
                raise RefitError(f"no answer after {self.deadline} s") from None
            finally:
                self._child = None
        if child.returncode:
            raise RefitError(complaint.decode(errors="replace").strip()[-300:] or "killed")
        return answer

    def kill(self) -> None:
        """End a fit that is under way."""
        child = self._child
        if child is not None:
            child.kill()


class Trainer:
    """Learns when there is something to learn, and has one model fitted at a time.

    Args:
        context: makes the application context that a database session needs.
        house: clock, keys, settings.
        refit: from a packed request to a packed answer; None = in a process of its own.
    """

    def __init__(self, context: Context, house: House, refit: Refit | None = None) -> None:
        settings = house.settings
        deadline = min(settings.fit_deadline, settings.fit_lease * DEADLINE_SHARE)
        self.context = context
        self.house = house
        self._process = FittingProcess(deadline)
        self._refit = refit or self._process
        self._thread: threading.Thread | None = None
        self._stopping = False

    def learn(self, house: House) -> int:
        """Learn from changed verdicts, a few batches at most; return how many there were."""
        number = 0
        for _ in range(BATCHES):
            done = learn(house)
            number += done
            if done < BATCH:
                break
        return number

    def train(self, house: House) -> int:
        """Begin a fit if one is due and none is under way; return 0, as there is no more to do."""
        if self._stopping or (self._thread is not None and self._thread.is_alive()):
            return 0
        fit = claim_fit(house)
        if fit is not None:
            self._thread = threading.Thread(target=self._run, args=(fit,), name="fit", daemon=True)
            self._thread.start()
        return 0

    def stop(self) -> None:
        """End the fit under way; its lease runs out and another worker takes it up."""
        self._stopping = True
        self._process.kill()
        if self._thread is not None:
            self._thread.join(self._process.deadline)

    def _run(self, fit: Fit) -> None:
        try:
            with self.context():
                fit_once(self.house, fit, self._refit)
        except UnavailableError:
            log.warning("a fit could not be stored", extra={"site": fit.site_id})
        except Exception:
            # Nobody asks the thread how it went.
            log.exception("a fit failed")
        finally:
            if not self._stopping:
                self.house.wake()


def fit_once(house: House, fit: Fit, refit: Refit) -> bool:
    """Have a leased fit made and store what it came to; say whether that was stored."""
    try:
        answer = unpack_answer(refit(fit.request))
    except (RefitError, ValueError, OSError) as error:
        log.error(  # noqa: TRY400 - the reason in a sentence; the child's traceback is not ours
            "a fit failed: %s", error, extra={"site": fit.site_id}
        )
        fail_fit(house, fit)
        return False
    return finish_fit(house, fit, answer)
