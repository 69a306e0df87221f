"""Many pictures, painted by the machines of a Ray cluster: https://docs.ray.io."""

import collections
import logging
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from restyle.errors import UserError, check_installed
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.folders import Job
from restyle.paint.pictures import Outcome, PaintConfig, paint_pictures
from restyle.paint.stylizer import Stylizer

# Enough for a worker to read ahead and write behind, few enough that all end at about one time.
PART = 16


def paint_on_cluster(
    jobs: Sequence[Job],
    make_stylizer: Callable[[], Stylizer],
    config: PaintConfig,
    *,
    recipe: Callable[[Job], str],
) -> Generator[Outcome, None, None]:
    """As `paint_pictures`, by all workers of a cluster; the outcomes as they come.

    The cluster is that of the environment variable RAY_ADDRESS, or else this machine. A worker is a
    GPU, or a machine without one, whose cores one network keeps busy. The machines share a file
    system, in which this program lies too. If a worker dies, the pictures that it had are failures
    and it is started anew.
    """
    ray = _connected()
    try:
        workers = _workers(ray, make_stylizer, config=config, recipe=recipe)
        parts = collections.deque(_parts(jobs, len(workers)))
        streams = {}
        for worker in workers[: len(parts)]:
            streams |= _begun(worker, parts.popleft())
        while streams:
            [stream], _ = ray.wait(list(streams), num_returns=1)
            worker, left = streams[stream]
            try:
                outcome = ray.get(next(stream))
                left.remove(outcome.job)
                yield outcome
            except (StopIteration, ray.exceptions.RayActorError) as error:
                del streams[stream]
                yield from (Outcome(job, error=_died(job, error)) for job in left)
                if parts:
                    streams |= _begun(worker, parts.popleft())
    finally:
        ray.shutdown()


class Worker:
    """Makes its network ready once and paints what it is given."""

    def __init__(self, folder: str, make_stylizer: Callable[[], Stylizer], **how: Any):
        os.chdir(folder)  # Relative paths are meant as the user wrote them.
        with quiet_start():
            self.stylizer = make_stylizer()
        self.how = how

    def paint(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        yield from paint_pictures(jobs, self.stylizer, **self.how)


def _connected() -> Any:
    check_installed("--ray", "ray")
    import ray
    from ray.exceptions import RayError

    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (ConnectionError, ValueError, RayError) as error:
        address = os.environ.get("RAY_ADDRESS", "")
        raise UserError(f"No Ray cluster at RAY_ADDRESS='{address}': {error}") from error
    return ray


def _workers(ray: Any, make_stylizer: Callable[[], Stylizer], **how: Any) -> list[Any]:
    """One for each GPU of a machine, or one for the machine."""
    worker = ray.remote(max_restarts=-1)(Worker)
    workers = []
    for node in ray.nodes():
        has = node["Resources"] if node["Alive"] else {}
        gpus = int(has.get("GPU", 0))
        takes = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node["NodeID"], False)
        options = worker.options(scheduling_strategy=here, **takes)
        for _ in range(gpus or min(1, int(has.get("CPU", 0)))):
            workers.append(options.remote(os.getcwd(), make_stylizer, **how))
    if not workers:
        raise UserError("The Ray cluster has no machine with a free core. Start a worker first.")
    return workers


def _parts(jobs: Sequence[Job], workers: int) -> Iterator[Sequence[Job]]:
    count = min(PART, -(-len(jobs) // workers))
    for first in range(0, len(jobs), count):
        yield jobs[first : first + count]


def _begun(worker: Any, jobs: Sequence[Job]) -> dict[Any, tuple[Any, list[Job]]]:
    """The stream of outcomes, with the worker and the jobs whose outcome has not come."""
    stream = worker.paint.options(num_returns="streaming").remote(jobs)
    return {stream: (worker, list(jobs))}


def _died(job: Job, error: Exception) -> str:
    reason = str(error).strip().splitlines()[-1:]
    return f"'{job.source}' was with a worker that ended: {' '.join(reason)}"
