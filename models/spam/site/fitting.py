"""Fitting a site's residual: logistic regression over the features seen, on top of an offset.

Needs scipy; runs in a process of its own. Minimised: sum of w * log-loss(offset + x.b + c)
+ strength/2 * |b|**2 + intercept_strength/2 * c**2, by L-BFGS (Liu and Nocedal 1989). The base
model stays as it is: what a site's few verdicts do not speak of, it goes on deciding.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from models.spam.site.adapt import STRONGEST, Example, Residual

FEWEST = 3
"""Verdicts of each kind before anything is learned: a one-sided history only moves the bias."""
NEWEST = 1_000
STRENGTH = 0.25
"""L2 on the weights of a small site."""
SCARCE, PLENTY = 10, 200
"""Verdicts of the rarer kind below which the strength rises, and above which it falls."""
INTERCEPT_STRENGTH = 10.0
RATIO = 3.0
"""A verdict of the rarer kind counts at most so many times as much, of the other as little."""
FAMILY_SHARE = 3.0
"""Verdicts a family of near-duplicates counts as, however many it has."""
ACCOUNT_SHARE = 0.5
"""Share of all weight one account may have where there are several."""
KEY_MOST = 50.0
"""Verdicts all that one program's key reported counts as at most, or as many as the moderators'
where these are more: whoever gets hold of a key does not outvote the people."""
FOLDS, ENOUGH = 4, 40
DOUBTED, DOUBT = 0.25, 0.05
"""A verdict whose probability is below the first, as the others would judge the comment, counts
the second. In simulations on two blogs 10 % of flipped labels cost 14 and 8 points of recall at
1 % without, and 3 and 0 with it; where nothing was flipped it costs less than one."""
SMALLEST = 1e-3
ITERATIONS = 40

Vector64 = NDArray[np.float64]


def fit(examples: Sequence[Example]) -> Residual | None:
    """Fit a residual to verdicts, oldest first; None where too little is known."""
    newest = examples[-NEWEST:]
    spam = np.array([example.spam for example in newest], dtype=bool)
    if not _enough(spam):
        return None
    matrix, ids = _matrix(newest)
    offsets = np.array([example.offset for example in newest])
    weights = _weights(newest, spam)
    if len(newest) >= ENOUGH:
        folds = np.array([example.family % FOLDS for example in newest])
        believed = _believed(matrix, spam, offsets, weights, folds)
        weights = weights * np.where(believed < DOUBTED, DOUBT, 1.0)
    return _residual(ids, _solve(matrix, spam, offsets, weights))


def _enough(spam: NDArray[np.bool_]) -> bool:
    return min(int(spam.sum()), int((~spam).sum())) >= FEWEST


def _believed(
    matrix: csr_matrix,
    spam: NDArray[np.bool_],
    offsets: Vector64,
    weights: Vector64,
    folds: NDArray[np.int64],
) -> Vector64:
    """Return the probability of each verdict by what the verdicts of other families teach.

    A slip or ill will stands against all the others; flattery that only this site's moderators
    call spam stands with its like.
    """
    believed = np.ones(len(spam))
    for fold in range(FOLDS):
        out = folds == fold
        if not out.any() or not _enough(spam[~out]):
            continue
        solution = _solve(matrix[~out], spam[~out], offsets[~out], weights[~out])
        logits = offsets[out] + matrix[out] @ solution[:-1] + solution[-1]
        signed = np.where(spam[out], logits, -logits)
        believed[out] = 1 / (1 + np.exp(np.clip(-signed, -50, 50)))
    return believed


def _matrix(examples: Sequence[Example]) -> tuple[csr_matrix, NDArray[np.int32]]:
    """Return the examples over the features that occur, and which features these are."""
    every = np.concatenate([example.vector.ids for example in examples])
    ids, columns = np.unique(every, return_inverse=True)
    values = np.concatenate([example.vector.values for example in examples])
    ends = np.concatenate([[0], np.cumsum([len(example.vector.ids) for example in examples])])
    shape = (len(examples), len(ids))
    return csr_matrix((values.astype(np.float64), columns, ends), shape=shape), ids


def _weights(examples: Sequence[Example], spam: NDArray[np.bool_]) -> Vector64:
    families = Counter(example.family for example in examples)
    weights = np.array([e.weight * min(1.0, FAMILY_SHARE / families[e.family]) for e in examples])
    weights *= _of_keys(examples, weights)
    weights *= _of_accounts(examples, weights)
    total = weights.sum()
    for kind in (spam, ~spam):
        weights[kind] *= float(np.clip(total / (2 * weights[kind].sum()), 1 / RATIO, RATIO))
    return weights


def _of_keys(examples: Sequence[Example], weights: Vector64) -> Vector64:
    """Return factors by which no program's key has more than `KEY_MOST` lets it."""
    accounts = np.array([example.account for example in examples])
    most = max(KEY_MOST, float(weights[accounts >= 0].sum()))
    factors = np.ones(len(examples))
    for key in set(accounts[accounts < 0].tolist()):
        factors[accounts == key] = min(1.0, most / float(weights[accounts == key].sum()))
    return factors


def _of_accounts(examples: Sequence[Example], weights: Vector64) -> Vector64:
    """Return factors by which no account has more than its share, where there are several."""
    sums: dict[int, float] = {}
    for example, weight in zip(examples, weights.tolist(), strict=True):
        sums[example.account] = sums.get(example.account, 0.0) + weight
    total = sum(sums.values())
    most = max(sums, key=lambda account: sums[account])
    others = total - sums[most]
    if len(sums) == 1 or sums[most] <= ACCOUNT_SHARE * total:
        return np.ones(len(examples))
    # A second account of three verdicts must not silence a first of a thousand.
    factor = max(0.5, others * ACCOUNT_SHARE / (1 - ACCOUNT_SHARE) / sums[most])
    return np.array([factor if example.account == most else 1.0 for example in examples])


def _solve(
    matrix: csr_matrix, spam: NDArray[np.bool_], offsets: Vector64, weights: Vector64
) -> Vector64:
    signs = np.where(spam, 1.0, -1.0)
    fewer = min(int(spam.sum()), int((~spam).sum()))
    strength = STRENGTH * max(1.0, SCARCE / fewer) / max(1.0, fewer / PLENTY)
    turned = matrix.T.tocsr()

    def loss(solution: Vector64) -> tuple[float, Vector64]:
        weight, intercept = solution[:-1], solution[-1]
        margins = signs * (offsets + matrix @ weight + intercept)
        value = float(weights @ np.logaddexp(0, -margins))
        pull = -weights * signs / (1 + np.exp(np.clip(margins, -50, 50)))
        gradient = np.append(turned @ pull + strength * weight, 0.0)
        gradient[-1] = pull.sum() + INTERCEPT_STRENGTH * intercept
        value += strength / 2 * float(weight @ weight)
        return value + INTERCEPT_STRENGTH / 2 * intercept**2, gradient

    start = np.zeros(matrix.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    solution: Vector64 = found.x
    return solution


def _residual(ids: NDArray[np.int32], solution: Vector64) -> Residual:
    weights = np.clip(solution[:-1], -STRONGEST, STRONGEST)
    kept = np.abs(weights) >= SMALLEST
    return Residual(
        ids[kept].astype(np.int32), weights[kept].astype(np.float32), float(solution[-1])
    )
