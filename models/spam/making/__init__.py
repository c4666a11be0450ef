"""Making a base model: labelled comments in, weights out. Needs scikit-learn; nothing serves it."""
