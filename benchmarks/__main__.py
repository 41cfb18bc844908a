"""Everything that is measured, in one table each: `make bench`."""

from benchmarks import steps, throughput

throughput.main()
steps.main()
