"""What other readers need for the work of `benches/timetag.rs`, in processor time.

    pip install ptufile tttrlib pycorrelate fpfind numpy
    DIQKD_BENCH_FILES=. cargo bench -p diqkd-benches --bench timetag -- decode
    python benches/peers/timetag.py HydraHarp2T2.ptu HydraHarp2T3.ptu PicoHarpT2.ptu

Clocks: `fpfind -t A.a1 -T B.a1 -P` under `/usr/bin/time -v`, beside `diqkd tags sync A.a1 B.a1`.
"""

import os
import sys
import time

import numpy
import ptufile
import pycorrelate
import tttrlib


def rate(name, items, work, repeats=5):
    """The best and the median of a few runs, in millions a second of processor time."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    best, median = items / min(seconds), items / sorted(seconds)[repeats // 2]
    print(f"{name:55} {best / 1e6:8.1f} best {median / 1e6:8.1f} median", flush=True)


for path in sys.argv[1:]:
    records = os.path.getsize(path) // 4
    with ptufile.PtuFile(path) as file:
        raw = file.read_records().copy()
        out = file.decode_records(raw)
        rate(f"{path} ptufile, from the file, new array", records, file.decode_records)
        rate(f"{path} ptufile, from memory, same array", records, lambda: file.decode_records(raw, out=out))
    rate(f"{path} tttrlib", records, lambda: tttrlib.TTTR(path, "PTU"))

random = numpy.random.default_rng(1)
events = 200_000
first, second = (numpy.cumsum(random.exponential(1e6, events)).astype("i8") for _ in range(2))
bins = numpy.arange(-1_000_000, 1_000_001, 1000)
pycorrelate.pcorrelate(first[:100], second[:100], bins)
rate("pycorrelate, +-1 us in bins of 1 ns, events", 2 * events, lambda: pycorrelate.pcorrelate(first, second, bins))
