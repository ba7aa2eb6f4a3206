"""The score of every single repetition. On the page alone."""

from pathlib import Path

from benchmark.report.views.view import Section, View


class RepetitionsView(View):
    """One point for every repetition, and each row's mean."""

    section = Section("Repetitions", Path(__file__))
