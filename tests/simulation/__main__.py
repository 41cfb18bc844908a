"""python -m tests.simulation --seed 7, or --seeds 1-20000 --jobs 2."""

from __future__ import annotations

import argparse
import resource
import sys
import time

from tests.simulation.bugs import BUGS, found
from tests.simulation.seeds import play
from tests.simulation.simulation import run


def main() -> int:
    """0 where everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="plays one seed and shows all of it")
    parser.add_argument("--seeds", help="plays a range such as 1-1000 and shows what failed")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--most", type=int, default=5, help="how many failures are looked for")
    parser.add_argument("--bug", choices=sorted(BUGS), help="puts a bug in, and plays the range until a seed finds it")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        result = run(arguments.seed)
        print(f"seed {result.seed}: {result.options}", *result.trace, *result.problems, sep="\n")
        return 1 if result.problems else 0
    first, _, last = (arguments.seeds or "1-1000").partition("-")
    seeds = range(int(first), int(last or first) + 1)
    if arguments.bug:
        result = found(arguments.bug, seeds)
        print(f"{arguments.bug}: {f'seed {result.seed}: {result.problems[0]}' if result else 'not found'}")
        return 0 if result else 1
    began = time.monotonic()
    failures = play(seeds, arguments.jobs, arguments.most)
    for failure in failures:
        print(failure, end="\n\n")
    used = sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    took = time.monotonic() - began
    print(f"{len(seeds)} seeds, {len(failures)} failures, {took:.0f} s, {1000 * used / len(seeds):.0f} ms CPU a seed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
