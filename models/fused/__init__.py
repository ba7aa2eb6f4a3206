"""Faster CPU layers for networks of the registry: the same parameters, the same results.

The plain models are the definition; what is here computes them in fewer passes over memory, with
written-out gradients. `models.registry` says which model has such a form.
"""
