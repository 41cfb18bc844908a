"""Everything that is measured, in one table each: `make bench`."""

from benchmarks import documents, steps, throughput

if __name__ == "__main__":
    throughput.main()
    steps.main()
    documents.main()
