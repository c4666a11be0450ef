"""What we ask the database; SQL stands here and nowhere else."""
