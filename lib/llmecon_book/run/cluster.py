"""Runs on a Dask cluster that is already there: reached at once, or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

ANSWER_S = 5.0  # for a scheduler to answer
WORKER_S = 20.0  # for a worker to join, or for a nanny to put one back


class NoCluster(ValueError):
    """No scheduler, or none with a worker: what to start, in one line."""


@contextmanager
def cluster_pool(address: str) -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    """How to submit a job to a cluster and how to wait for jobs, as `concurrent.futures` does.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    NoCluster
        If there is no scheduler or no worker, at the start or later on.
    """
    try:
        from distributed import Client, KilledWorker, wait
    except ModuleNotFoundError as error:
        raise NoCluster("a cluster needs Dask: pip install 'llmecon[cluster]'") from error
    for handler in logging.getLogger("distributed").handlers:
        handler.setLevel(logging.CRITICAL)  # what went wrong is said once, below
    _demand_scheduler(address)
    with Client(address, timeout=ANSWER_S) as client:  # type: ignore[no-untyped-call]
        _demand_worker(client, address)

        def settled(futures: Iterable[Any]) -> Iterator[Any]:
            waiting = set(futures)
            while waiting:
                try:
                    done = wait(waiting, WORKER_S, "FIRST_COMPLETED").done  # type: ignore[no-untyped-call]
                except TimeoutError:
                    _demand_worker(client, address)
                    continue
                except CancelledError:
                    raise NoCluster(f"the Dask scheduler at {address} was lost") from None
                waiting -= done
                yield from done

        def completed(futures: Iterable[Any]) -> Iterator[Any]:
            blamed = []  # a job that kills its worker, and those that stood in its queue
            for future in settled(futures):
                if future.status == "error" and isinstance(future.exception(), KilledWorker):
                    blamed.append(future)
                else:
                    yield future
            for future in blamed:  # one after the other: now it is nobody else's fault
                _demand_worker(client, address)
                future.retry()
                yield from settled([future])

        yield (lambda *job: client.submit(*job, pure=False)), completed


def _demand_scheduler(address: str) -> None:
    """Knock before a client moves in: one that finds nobody takes long to give up."""
    from distributed.comm.core import connect

    async def knock() -> None:
        door = await connect(address, timeout=ANSWER_S)  # type: ignore[no-untyped-call]
        await door.close()

    try:
        asyncio.run(knock())
    except (OSError, TypeError, ValueError) as error:
        raise NoCluster(
            f"no Dask scheduler answers at {address}: {error}; start one with: dask scheduler"
        ) from error


def _demand_worker(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKER_S)
    except TimeoutError as error:
        raise NoCluster(
            f"the Dask scheduler at {address} has no worker; start one with: dask worker {address}"
        ) from error
