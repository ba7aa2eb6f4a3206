"""The rows of an answer in the order, and under the names, that a paper wants."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchmark.analysis.rows import Table
from benchmark.errors import ConfigError
from benchmark.report.answer import Answer


def arranged(answer: Answer, order: Sequence[str], names: Mapping[str, str]) -> Answer:
    """Return the answer with models in this order, the others after them, and under these names.

    Floor rows stay below the others. Records, the column `model` and MLflow keep the models' own
    names. A model that has no row is a `ConfigError`.
    """
    known = list(dict.fromkeys(row.model for table in answer.tables for row in table.rows))
    for option, models in (("--order", order), ("--names", names)):
        for model in models:
            if model not in known:
                raise ConfigError(
                    f"{option}: no row is of a model '{model}'. There are: {', '.join(known)}."
                )
    if not order and not names:
        return answer
    owners: dict[str, str] = {}  # shown name -> model
    for model in known:
        name = names.get(model, model)
        if owners.setdefault(name, model) != model:
            raise ConfigError(
                f"--names: '{owners[name]}' and '{model}' would both be called '{name}'. Give each"
                " model a name of its own."
            )
    return replace(answer, tables=[_arranged(table, order, names) for table in answer.tables])


def _arranged(table: Table, order: Sequence[str], names: Mapping[str, str]) -> Table:
    places = {model: place for place, model in enumerate(order)}
    rows = sorted(table.rows, key=lambda row: (row.is_floor, places.get(row.model, len(places))))
    return replace(
        table, rows=tuple(replace(row, named=names.get(row.model, row.named)) for row in rows)
    )
