"""What proposes trials and what stops them early, with every choice of Optuna's spelled out."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optuna.samplers import (
    BaseSampler,
    GridSampler,
    NSGAIISampler,
    RandomSampler,
    TPESampler,
)

from benchmark.plan.seeds import derive
from benchmark.search.objective import steps_at_most, warm_up_steps
from benchmark.search.space import grid_of
from benchmark.search.trials import PARAMETERS, draw_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.trial import FrozenTrial, TrialState

    from benchmark.search.spec import Search

N_RANDOM = 10  # trials before TPE believes what it has seen
N_BEFORE_PRUNING = 5  # finished trials before the median means anything
POPULATION = 20  # of NSGA-II
REDUCTION = 3  # Hyperband keeps one in three


class SeededByTrial(BaseSampler):
    """A sampler made anew for every trial, with a seed derived from which draw it is.

    So a resumed search goes on instead of repeating itself, and workers never draw alike.
    """

    def __init__(self, make: Callable[[int], BaseSampler], base_seed: int) -> None:
        """`make` builds the sampler from a seed."""
        self.make, self.base_seed = make, base_seed
        self.sampler = make(base_seed)

    def before_trial(self, study: "Study", trial: "FrozenTrial") -> None:
        """Begin a trial with a sampler of its own."""
        draw = draw_of(study.get_trials(deepcopy=False), trial)
        self.sampler = self.make(derive(self.base_seed, "sampler", draw) % 2**32)
        self.sampler.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: "Study", trial: "FrozenTrial"
    ) -> "dict[str, BaseDistribution]":
        """Delegate."""
        return self.sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self,
        study: "Study",
        trial: "FrozenTrial",
        search_space: "dict[str, BaseDistribution]",
    ) -> dict[str, Any]:
        """Delegate."""
        return self.sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: "Study",
        trial: "FrozenTrial",
        param_name: str,
        param_distribution: "BaseDistribution",
    ) -> Any:
        """Delegate."""
        return self.sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: "Study",
        trial: "FrozenTrial",
        state: "TrialState",
        values: "Sequence[float] | None",
    ) -> None:
        """Delegate."""
        self.sampler.after_trial(study, trial, state, values)


def make_sampler(search: "Search") -> BaseSampler:
    """Return what proposes the search's trials."""
    cap = search.config.max_parameters

    def excess(trial: "FrozenTrial") -> tuple[float, ...]:
        """Return by how much a trial exceeds the cap; the sampler learns to stay below it."""
        return (float(trial.user_attrs.get(PARAMETERS, 0)) / cap - 1.0,) if cap else ()

    def make(seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # several of these options are called experimental
            match search.config.sampler:
                case "tpe":
                    return TPESampler(
                        n_startup_trials=N_RANDOM,
                        n_ei_candidates=24,
                        multivariate=True,
                        group=True,  # conditional settings are modelled where they apply
                        constant_liar=True,  # parallel workers spread out
                        warn_independent_sampling=False,
                        constraints_func=excess if cap else None,
                        seed=seed,
                    )
                case "nsga2":
                    return NSGAIISampler(
                        population_size=POPULATION,
                        constraints_func=excess if cap else None,
                        seed=seed,
                    )
                case _:
                    return RandomSampler(seed=seed)

    if search.config.sampler == "grid":
        grid = GridSampler(grid_of(search.space), seed=search.config.seed)
        return SeededByTrial(lambda _: grid, search.config.seed)
    return SeededByTrial(make, search.config.seed)


def make_pruner(search: "Search") -> "BasePruner":
    """Return what stops the search's trials early."""
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    warm_up = warm_up_steps(search)
    match search.config.pruner:
        case "median":
            return MedianPruner(n_startup_trials=N_BEFORE_PRUNING, n_warmup_steps=warm_up)
        case "hyperband":
            return HyperbandPruner(
                min_resource=1 + warm_up,
                max_resource=steps_at_most(search),
                reduction_factor=REDUCTION,
            )
        case _:
            return NopPruner()
