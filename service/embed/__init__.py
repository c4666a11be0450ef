"""Check my embed, and how far a site's set-up is."""
