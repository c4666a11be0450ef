"""What one site's moderators teach: examples, a residual on the base, campaigns, the gate."""
