"""Writes tests/data/key_lengths.csv: python3 key_lengths.py > ../data/key_lengths.csv

Every theorem of docs/theory.md, section 4, written out anew, optimised by a search of its own (primal, over the scores
themselves) in floating point; the length at the optimum is then evaluated at 40 digits. Needs mpmath only. About five minutes.
"""

import math
import random
from math import exp, expm1, log, log1p, log2, sqrt

import mpmath
from mpmath import mp, mpf

mp.dps = 40
W_MAX = (2 + sqrt(2)) / 4
LN2 = log(2)
SIDE = 2.0**-20  # share of verification and of authentication


def golden(f, low, high, steps=60):
    ratio = (sqrt(5) - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    fa, fb = f(a), f(b)
    for _ in range(steps):
        if fa >= fb:
            high, b, fb = b, a, fa
            a = high - ratio * (high - low)
            fa = f(a)
        else:
            low, a, fa = a, b, fb
            b = low + ratio * (high - low)
            fb = f(b)
    return a if fa >= fb else b


# Single round, in floating point or at 40 digits, as functions of w.


def entropy(w, lib=math):
    """1 - h((1 + sqrt v)/2) and its derivative in w."""
    x = lib.sqrt((4 * w - 1) * (4 * w - 3))
    p, rest = (1 + x) / 2, (1 - x) / 2
    value = 1 + (p * lib.log(p) + (rest * lib.log(rest) if rest > 0 else 0)) / lib.log(2)
    return value, lib.log(p / rest) / lib.log(2) / 2 * (16 * w - 8) / x


def renyi_excess(w, order, q, lib=math):
    """G - 1; in floating point accurate to a relative 1e-12 of its size, order."""
    v = (4 * w - 1) * (4 * w - 3)
    v = min(max(v, 0 * v), 1 + 0 * v)
    x, b = lib.sqrt(v), 1 / (1 + order)
    p, rest = (1 + x) / 2, (1 - x) / 2
    small = lambda y: y * lib.expm1(-(order * b) * lib.log(y)) if y > 0 else 0 * y
    gain_p, gain_rest = small(p), small(rest)
    n = 1 + gain_p + gain_rest
    if q == 0:
        return lib.expm1((1 + order) * lib.log1p(gain_p + gain_rest) - order * lib.log(2))
    product = lib.exp((lib.log(p) + lib.log(rest)) * b) if rest > 0 else 0 * x
    root = lib.sqrt((x + gain_p - gain_rest) ** 2 + 4 * (1 - 2 * q) ** 2 * product)
    plus = (n + root) / 2
    minus = 4 * q * (1 - q) * product / plus
    power = lambda mu: mu * lib.expm1(order * lib.log(mu)) if mu > 0 else 0 * mu
    total = gain_p + gain_rest + power(plus) + power(minus)
    return lib.expm1(lib.log1p(total) - order * lib.log(2))


# reat and reat-basic: the score of the threshold for given order and gap between win and loss.


def score(p, order, gap, lib=math, at=None):
    basic, w, g = p["theorem"] == "reat-basic", p["omega"], p["gamma"]
    share = 1 / (w * 0 + 2) if basic else w
    lift = lambda s, weight: lib.expm1(order * (s * lib.log(2) - lib.log(weight)))
    win, lose = lift((1 - w) * gap, share), lift(-w * gap, 1 - share)

    def functional(x):
        test = 0 if basic else renyi_excess(x, order, 0, lib)
        key = renyi_excess(x, order, p["q"], lib)
        return (1 - g) * key + g * (lose + (1 + lose) * test + (win - lose) * x)

    if at is None:
        at = golden(functional, 0.75, W_MAX, 45)
        return -log1p(max(functional(at), functional(0.75), functional(W_MAX))) / order / LN2, at
    return -lib.log1p(functional(at)) / order / lib.log(2)


def reat(p):
    n, w = p["n"], p["omega"]
    eps = p["eps"] * (1 - 2 * SIDE)
    cost = lambda order: (1 + order) / order * log2(1 / eps)
    share = 0.5 if p["theorem"] == "reat-basic" else w

    def best_gap(order):
        # In units in which the optimum is of order 1: how far u_win/u_lose is from 1.
        start = log2(share / (1 - share))
        f = lambda ln_step: score(p, order, start + exp(ln_step) / order)[0]
        return start + exp(golden(f, log(1e-4), log(60), 32)) / order

    total = lambda ln_order: n * score(p, exp(ln_order), best_gap(exp(ln_order)))[0] - cost(exp(ln_order))
    order = exp(golden(total, log(1e-7), 0, 34))
    gap = best_gap(order)
    at = score(p, order, gap)[1]
    big = {**p, "omega": mpf(w), "gamma": mpf(p["gamma"]), "q": mpf(p["q"])}
    order, gap = mpf(order), mpf(gap)
    # The supremum again at 40 digits, near the point that floating point found.
    exact = mpf("inf")
    width = mpf(1) / 10**5
    low, high = max(mpf(at) - width, mpf(3) / 4), min(mpf(at) + width, (2 + mpmath.sqrt(2)) / 4)
    for _ in range(60):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        sa, sb = (score(big, order, gap, mpmath, x) for x in (a, b))
        low, high = (low, b) if sa < sb else (a, high)
        exact = min(exact, sa, sb)
    eps = mpf(p["eps"]) * (1 - 2 * mpf(SIDE))
    return n * exact - p["leak"] - (1 + order) / order * mpmath.log(1 / eps) / mpmath.log(2) + 2


# Second-order theorems. x = [tangent, position, ln order, ln order of outcomes, ln parts of smoothing, ln share of pa].


def second_order(p, x, lib=math):
    t, c, a1, a2, e1, e2, pa = x
    num = (lambda y: mpf(y)) if lib is mpmath else float
    lg = lambda y: lib.log(y) / lib.log(2)
    n, g, w = p["n"], num(p["gamma"]), num(p["omega"])
    a1, a2, e1, e2, pa = (lib.exp(num(y)) for y in (a1, a2, e1, e2, pa))
    t, c = num(t), num(1.0 if p["theorem"] == "df19-fixed" else c)
    geat = p["theorem"] == "geat"
    if not (0.7500001 < t < W_MAX - 1e-6 and 0 <= c <= 1 and a1 < (0.49 if geat else 0.99) and a2 < 0.43):
        return num(-1e300)
    if e1 + 2 * e2 >= 1 or pa >= 1:
        return num(-1e300)
    secrecy = num(p["eps"]) * (1 - 2 * num(SIDE))
    smooth = secrecy * (1 - pa) / 2
    theta = lambda e: 1 - 2 * lg(e)
    value, slope = entropy(t, lib)
    most = (2 + lib.sqrt(num(2))) / 4
    spread = lambda y: (y * (1 - 2 * c) + c * c) / g - (y - c) ** 2
    vertex = min(max(c + (1 - 2 * c) / (2 * g), 1 - most), most)
    variance = slope**2 * spread(vertex)
    span = slope * (c + (1 - c) / g - (1 - most)) + (4 if geat else 2)
    step = a1 / (1 - a1) if geat else a1
    second = lib.log(2) / 2 * (lg(num(33)) + lib.sqrt(2 + variance)) ** 2
    third_log = span * lib.log(2) + lib.log1p(lib.exp(2 - span * lib.log(2)))
    below = (1 - 2 * a1) / (1 - a1) if geat else 1 - a1
    if step * span > 900:
        return num(-1e300)
    third = lib.exp(step * span * lib.log(2)) * third_log**3 / (6 * lib.log(2) * below**3)
    lasting = lambda e, a: (theta(e) + (1 + a) * lg(1 / secrecy)) / a
    return (
        n * (value + slope * (w - t) - step * second - step**2 * third - g - a2 * lg(num(5)) ** 2)
        - lasting(smooth * e1, a1)
        - lasting(smooth * e2, a2)
        - 3 * theta(smooth * (1 - e1 - 2 * e2))
        - 2 * lg(1 / (pa * secrecy))
        - p["leak"]
    )


def climb(f, x, widths, sweeps):
    """One coordinate after another, then along the way the whole sweep went."""
    for _ in range(sweeps):
        before = x
        for i in range(len(x)):
            if widths[i] == 0:
                continue
            trial = lambda y, i=i: f(x[:i] + [y] + x[i + 1 :])
            y = golden(trial, x[i] - widths[i], x[i] + widths[i], 34)
            if trial(y) >= f(x):
                x = x[:i] + [y] + x[i + 1 :]
        along = lambda t: [b + t * (a - b) for a, b in zip(x, before)]
        t = golden(lambda t: f(along(t)), 0.5, 12, 26)
        x = along(t) if f(along(t)) >= f(x) else x
        widths = [y * 0.85 for y in widths]
    return x


def simplex(f, x, widths, steps):
    """Nelder and Mead's downhill simplex, here uphill."""
    free = [i for i, width in enumerate(widths) if width]
    points = [(f(x), x)]
    for i in free:
        y = x[:i] + [x[i] + widths[i]] + x[i + 1 :]
        points.append((f(y), y))
    for _ in range(steps):
        points.sort(key=lambda point: -point[0])
        worst, others = points[-1], points[:-1]
        centre = [sum(y[i] for _, y in others) / len(others) for i in range(len(x))]
        move = lambda t: [c + t * (w - c) for c, w in zip(centre, worst[1])]
        tries = [(f(move(t)), move(t)) for t in (-1, -2, 0.5, -0.5)]
        better = max(tries, key=lambda point: point[0])
        if better[0] > worst[0]:
            points[-1] = better
        else:
            best = points[0][1]
            shrunk = [[(a + b) / 2 for a, b in zip(y, best)] for _, y in points[1:]]
            points = [points[0]] + [(f(y), y) for y in shrunk]
    return max(points, key=lambda point: point[0])[1]


def df19(p):
    n = p["n"]
    fixed = p["theorem"] == "df19-fixed"
    best = None
    for tangent in (0.8, min(p["omega"], 0.85)):
        start = [tangent, 0.5, log(min(0.1, 6 / sqrt(n))), log(min(0.3, 6 / sqrt(n))), log(0.8), log(0.05), log(1e-3)]
        x = climb(lambda y: second_order(p, y), start, [0.03, 0 if fixed else 0.3, 4, 4, 1, 2, 4], 25)
        for scale in (1, 0.1, 0.1, 0.01):
            widths = [0.01 * scale, 0 if fixed else 0.05 * scale, *([0.3 * scale] * 5)]
            x = simplex(lambda y: second_order(p, y), x, widths, 500)
        bits = second_order(p, x)
        if best is None or bits > best[0]:
            best = (bits, x)
    return second_order(p, best[1], mpmath)


def eat2018(p, lib=math, x=None):
    num = (lambda y: mpf(y)) if lib is mpmath else float
    lg = lambda y: lib.log(y) / lib.log(2)
    n, g, w, e = p["n"], num(p["gamma"]), num(p["omega"]), num(p["eps"])
    secrecy, unlikely = e * (1 - 2 * num(SIDE)), e * (1 - 2 * num(SIDE))

    def length(t, ln_pa):
        pa = secrecy * lib.exp(ln_pa)
        smooth = secrecy - pa
        # Acceptance and a wrong string together stay at or below what is left for secrecy.
        root = lib.sqrt(1 - 2 * lg(smooth / 4 * unlikely))
        value, slope = entropy(t, lib)
        return (
            n * (value + slope * (w - t))
            - 2 * lib.sqrt(num(n)) * (lg(num(13)) + slope / g + lg(num(7))) * root
            - 3 * (1 - 2 * lg(smooth / 4))
            - g * n
            - 2 * lg(1 / pa)
            - p["leak"]
        )

    if x is not None:
        return length(*map(num, x))
    t = golden(lambda t: length(t, log(1e-4)), 0.7500001, W_MAX - 1e-6)
    ln_pa = golden(lambda y: length(t, y), -25, -0.1)
    t = golden(lambda t: length(t, ln_pa), 0.7500001, W_MAX - 1e-6)
    return eat2018(p, mpmath, (t, ln_pa))


ORACLES = {"reat": reat, "reat-basic": reat, "df19": df19, "df19-fixed": df19, "geat": df19, "eat2018": eat2018}

if __name__ == "__main__":
    rng = random.Random(2026)
    print("# SOURCE: tests/oracle/key_lengths.py (mpmath), which shares nothing with the code but docs/theory.md")
    print("theorem,rounds,gamma,omega,leak_bits,eps_sound,noise,bits")
    for theorem, oracle in ORACLES.items():
        for i in range(60):
            n = int(10 ** rng.uniform(5 if theorem.startswith("reat") else 6.5 if theorem == "eat2018" else 5.8, 10))
            p = {
                "theorem": theorem,
                "n": n,
                "gamma": rng.choice([0.01, 0.03, 13 / 256, 0.1, 0.25]),
                "omega": rng.choice([0.79, 0.81, 0.82, 0.83, 0.84, 0.85]),
                "leak": int(n * rng.choice([0.0, 0.02, 0.1, 0.2])),
                "eps": rng.choice([1e-5, 1e-10, 2.0**-64, 1e-30]),
                "q": rng.choice([0.0, 0.0, 0.02, 0.1]) if theorem == "reat" else 0.0,
            }
            bits = oracle(p)
            fields = (p["n"], repr(p["gamma"]), repr(p["omega"]), p["leak"], repr(p["eps"]), repr(p["q"]))
            print(theorem, *fields, mpmath.nstr(bits, 20), sep=",", flush=True)
