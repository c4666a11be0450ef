"""Programs: their keys, their pace, and what they send twice."""
