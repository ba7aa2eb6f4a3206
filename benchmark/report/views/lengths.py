"""Scores against the sequence length that a model was trained with. On the page alone."""

from pathlib import Path

from benchmark.report.views.view import Section, View


class LengthsView(View):
    """One line for every model of more than one length."""

    section = Section("Sequence length", Path(__file__))
