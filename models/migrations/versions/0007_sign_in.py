"""Signing in: sessions that can be listed and ended, second factors, passkeys."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
