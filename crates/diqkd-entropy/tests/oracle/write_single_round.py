"""Writes tests/data/single_round.csv: python3 write_single_round.py > ../data/single_round.csv"""

import bounds
from mpmath import nstr

TOP = 8**0.5
ULP = 2.0**-51
EDGES = [2 + ULP, 2 + 1e-12, 2 + 1e-8, 2 + 1e-5]
MIDDLE = [2.001, 2.1, 2.26, 2.3, 2.5, 2.677, 2.8]
NEARER = [TOP - 1e-8, TOP - 1e-11, TOP - 1e-12, TOP - 1e-14, TOP - 4 * ULP]
NEAR_TOP = [TOP - 1e-4, TOP - 1e-7, TOP - 1e-10, TOP - 1e-13, TOP - 2 * ULP, TOP - ULP]


def row(name, s, q, alpha, weight, answer):
    value, slope = answer
    fields = ["" if x is None else repr(x) for x in (q, alpha, weight)]
    print(",".join([name, repr(s), *fields, nstr(value, 25), nstr(slope, 15)]))


print("# SOURCE: mpmath at 60 digits by tests/oracle/write_single_round.py, which shares nothing with the code but docs/theory.md")
print("bound,S,q,alpha,weight,entropy_bits,slope")
for s in EDGES + MIDDLE + NEAR_TOP:
    row("chsh", s, None, None, None, bounds.chsh(s))
    row("hmin", s, None, None, None, bounds.min_entropy(s))
    for q in (1e-9, 0.01, 0.2, 0.45, 0.499):
        row("npp", s, q, None, None, bounds.chsh(s, q))
    for alpha in (1 + 1e-12, 1 + 1e-9, 1.00001, 1.01, 1.3, 2.0):
        for q in (0.0, 1e-9, 0.05, 0.3, 0.499):
            row("renyi", s, q, alpha, None, bounds.renyi(s, alpha, q))
for s in EDGES[1:] + MIDDLE + NEAR_TOP:
    for q in (0.0, 0.01, 0.2, 0.4):
        row("two-basis", s, q, None, None, bounds.two_basis(s, q))
for s in EDGES + MIDDLE + NEAR_TOP + NEARER:
    for q in (0.0, 0.01, 0.2):
        row("two-basis-tight", s, q, None, None, bounds.two_basis_tight(s, q))
for weight in (0.05, 0.2, 0.7, 0.99, 0.9999, 1.0, 1.3, 5.0):
    local, most = max(2.0, 2 * weight), 2 * (1 + weight * weight) ** 0.5
    for part in (1e-9, 1e-4, 0.1, 0.5, 0.8, 0.95, 1 - 1e-5, 1 - 1e-9):
        s = local + part * (most - local)
        for q in (0.0, 0.02, 0.3):
            row("asymmetric", s, q, None, weight, bounds.asymmetric(s, weight, q))
