"""The registered model of an experiment: its versions, the latest of which is the best.

Kept in  RESULTS/mlartifacts/models/<name>/<cell digest>/, in the format of `mlflow.pytorch`
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.record.places import Place, place, remove
from benchmark.record.store import DIGEST_CHARACTERS
from benchmark.tracking.database import ARTIFACTS
from benchmark.tracking.entry import CELL_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "champion"  # MLflow's usual one; stored versions and scripts have it


def model_folder(results: Path, name: str, cell: str) -> Place:
    """Return where the module of a cell lies, as a version of a registered model."""
    return place(results, ARTIFACTS, "models", name, cell[:DIGEST_CHARACTERS])


def renew_best(client: "MlflowClient", results: Path, name: str, cell: str, note: str) -> bool:
    """Give the best version of a name this note if it was exported from this cell; tell if it was.

    A version whose files are gone does not count.
    """
    best = _best_version(client, name)
    if best is None or best.tags.get(CELL_TAG) != cell:
        return False
    if not (model_folder(results, name, cell) / "MLmodel").is_file():
        return False
    if best.description != note:
        client.update_model_version(name, best.version, note)
    return True


def _best_version(client: "MlflowClient", name: str) -> "ModelVersion | None":
    """Return the best version of a name, if there is one."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, ALIAS)
    except MlflowException:  # no such model, or no such alias
        return None


def register(
    client: "MlflowClient",
    results: Path,
    name: str,
    module: Any,
    example_BTF: NDArray[np.float32],
    *,
    cell: str,
    run_id: str | None,
    note: str,
    tags: Mapping[str, str],
) -> Path:
    """Save a TorchScript module as the next version of a registered model, the best.

    A version of the same cell, whose files were gone, has them again and stays the version it is.
    """
    from mlflow.exceptions import MlflowException

    folder = model_folder(results, name, cell)
    remove(folder, holding="MLmodel")
    folder.parent.mkdir(parents=True, exist_ok=True)
    _save(module, folder, example_BTF)
    best = _best_version(client, name)
    if best is not None and best.tags.get(CELL_TAG) == cell:
        client.update_model_version(name, best.version, note)
        return folder
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name, description="The best model of this experiment.")
    version = client.create_model_version(
        name,
        source=folder.absolute().as_uri(),
        run_id=run_id,
        tags={CELL_TAG: cell, **tags},
        description=note,
    )
    client.set_registered_model_alias(name, ALIAS, version.version)
    return folder


def _save(module: Any, folder: Path, example_BTF: NDArray[np.float32]) -> None:
    """Write a module with its signature and the packages it needs: torch alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own deprecations
        import mlflow.pytorch
        import torch
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        n_features, number = example_BTF.shape[-1], np.dtype(np.float32)
        mlflow.pytorch.save_model(
            module,
            str(folder),
            signature=ModelSignature(
                inputs=Schema([TensorSpec(number, (-1, -1, n_features))]),
                outputs=Schema([TensorSpec(number, (-1, -1, 2))]),
            ),
            input_example=example_BTF,
            pip_requirements=[
                f"mlflow=={mlflow.__version__}",
                f"torch=={torch.__version__.partition('+')[0]}",
                "numpy",
            ],
            serialization_format="pickle",  # mlflow's word; TorchScript is written as TorchScript
        )
