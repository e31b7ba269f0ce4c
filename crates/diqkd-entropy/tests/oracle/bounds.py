"""Single-round bounds at 60 digits: the formulas of docs/theory.md, section 3, written out anew.

Needs mpmath only. Every argument is taken as the exact value of its floating-point number.
"""

from mpmath import atanh, log, mp, mpf, sqrt

mp.dps = 60


def h(p):
    """Binary entropy in bits."""
    return mpf(0) if p <= 0 or p >= 1 else -(p * log(p) + (1 - p) * log(1 - p)) / log(2)


def von_neumann(v, q):
    """Entropy of a bit flipped with probability q at the squared correlation v."""
    v, q = mpf(v), mpf(q)
    return 1 - h((1 + sqrt(v)) / 2) + h((1 + sqrt(1 - 4 * q * (1 - q) * (1 - v))) / 2)


def von_neumann_slope(v, q):
    """Its derivative in v."""
    v, q = mpf(v), mpf(q)
    ratio = lambda x: atanh(x) / x if x else mpf(1)
    k = 4 * q * (1 - q)
    flipped = k * ratio(sqrt(1 - k * (1 - v))) if k else mpf(0)
    return (ratio(sqrt(v)) - flipped) / (2 * log(2))


def clipped(v):
    return min(max(v, mpf(0)), mpf(1))


def chsh(s, q=0):
    """Value and slope in S."""
    s = mpf(s)
    v = clipped(s**2 / 4 - 1)
    slope = von_neumann_slope(v, q) * s / 2 if 0 < v < 1 else mpf(0)
    return von_neumann(v, q), slope


def min_entropy(s):
    s = mpf(s)
    if s <= 2:
        return mpf(0), mpf(0)
    root = sqrt(1 - clipped(s**2 / 4 - 1))
    slope = s / (4 * root * (1 + root) * log(2)) if root else mpf(0)
    return 1 - log(1 + root) / log(2), slope


def renyi_functional(v, alpha, q):
    """G of section 3.4."""
    v, alpha, q = mpf(v), mpf(alpha), mpf(q)
    p, rest = (1 + sqrt(v)) / 2, (1 - sqrt(v)) / 2
    b = 1 / alpha
    power = lambda x, e: mpf(0) if x <= 0 else x**e
    n = p**b + power(rest, b)
    root = sqrt(n**2 - 16 * q * (1 - q) * power(p * rest, b))
    return 2 ** (1 - alpha) * (power((n + root) / 2, alpha) + power((n - root) / 2, alpha))


def renyi(s, alpha, q=0):
    s, alpha = mpf(s), mpf(alpha)
    v = clipped(s**2 / 4 - 1)
    value = -log(renyi_functional(v, alpha, q)) / log(2) / (alpha - 1)
    if not 0 < v < 1:
        return value, mpf(0)
    step = min(v, 1 - v) / 10**15
    rise = log(renyi_functional(v + step, alpha, q)) - log(renyi_functional(v - step, alpha, q))
    return value, -rise / (2 * step) * s / 2 / log(2) / (alpha - 1)


TOUCHING = {}


def hull_with_local(key, curve, local, low, high, at):
    """The least convex continuation of a curve (value, slope) through the local point (2, local), by its tangent."""
    if key not in TOUCHING:
        gap = lambda s: curve(s)[0] + curve(s)[1] * (2 - s) - local
        # The tangent passes above the local point to the left of the touching point, and below to the right.
        left, right = low, high
        if gap(right) <= 0:
            for _ in range(120):
                middle = (left + right) / 2
                left, right = (middle, right) if gap(middle) > 0 else (left, middle)
        TOUCHING[key] = right
    touch = TOUCHING[key]
    if at >= touch:
        return curve(at)
    slope = (curve(touch)[0] - local) / (touch - 2)
    return local + slope * (at - 2), slope


def asymmetric(s, weight, q=0):
    s, weight = mpf(s), abs(mpf(weight))
    most = 2 * sqrt(1 + weight**2)
    if weight >= 1:
        v = clipped(s**2 / 4 - weight**2)
        return von_neumann(v, q), von_neumann_slope(v, q) * s / 2 if 0 < v < 1 else mpf(0)
    if s <= 2:
        return h(mpf(q)), mpf(0)
    curve = lambda t: (
        von_neumann(clipped(t**2 / 4 - weight**2), q),
        von_neumann_slope(clipped(t**2 / 4 - weight**2), q) * t / 2,
    )
    if s >= most:
        return mpf(1), mpf(0)
    return hull_with_local((weight, q), curve, h(mpf(q)), mpf(2), most * (1 - mpf(10) ** -40), s)


def two_basis_angle(s):
    """The least mean square correlation over Alice's angle, found where the derivative vanishes."""
    # With c the cosine of half the angle: v(c) = 1 - c^2 + c^2 (S/2 - c)^2/(1 - c^2).
    value = lambda c: 1 - c**2 + c**2 * (s / 2 - c) ** 2 / (1 - c**2)
    # d/dS of the least value is the partial derivative.
    numerator = lambda c: (
        -2 * c * (1 - c**2) ** 2
        + (2 * c * (s / 2 - c) ** 2 - 2 * c**2 * (s / 2 - c)) * (1 - c**2)
        + 2 * c**3 * (s / 2 - c) ** 2
    )
    low, high = sqrt(mpf(1) / 2), mpf(1) - mpf(10) ** -50
    left, right = low, high
    for _ in range(170):
        middle = (left + right) / 2
        left, right = (middle, right) if (numerator(middle) < 0) else (left, middle)
    c = (left + right) / 2
    return value(c), c**2 * (s / 2 - c) / (1 - c**2)


def two_basis(s, q=0):
    s = mpf(s)
    if s <= 2:
        return h(mpf(q)), mpf(0)
    if s >= 2 * sqrt(mpf(2)):
        return mpf(1), mpf(0)

    def curve(t):
        v, v_slope = two_basis_angle(t)
        return von_neumann(clipped(v), q), von_neumann_slope(clipped(v), q) * v_slope

    return hull_with_local(("two", q), curve, h(mpf(q)), mpf(2) + mpf(10) ** -12, 2 * sqrt(mpf(2)) - mpf(10) ** -30, s)


def two_basis_tight(s, q=0):
    """Equal correlations S/(2 sqrt 2), hull with the local point (section 3.8)."""
    s = mpf(s)
    if s <= 2:
        return h(mpf(q)), mpf(0)
    if s >= 2 * sqrt(mpf(2)):
        return mpf(1), mpf(0)
    curve = lambda t: (von_neumann(t**2 / 8, q), von_neumann_slope(t**2 / 8, q) * t / 4)
    return hull_with_local(("tight", q), curve, h(mpf(q)), mpf(2), 2 * sqrt(mpf(2)) - mpf(10) ** -30, s)
