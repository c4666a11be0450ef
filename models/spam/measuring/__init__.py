"""Measuring a model: figures, peers, the card and the report page.

Needs scikit-learn; of it only `figures`, plain values, is used by what serves.
"""
