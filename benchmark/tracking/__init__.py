"""Tracking: copies of records for people who compare runs in MLflow (only door to mlflow).

Takes   records, searches, and the stored weights of the best model.
Gives   an MLflow database beside them, with views that show the trade-off.
Never   holds what the records do not: a deleted database is rebuilt, a moved one repaired.
"""
