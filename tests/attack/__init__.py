"""Attacks on the command line, generated from a seed: see README.md in this folder."""
