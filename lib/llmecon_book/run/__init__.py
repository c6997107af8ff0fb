"""Chapters run, and run again with other numbers: one runner, scenarios, sweeps, what changed."""
