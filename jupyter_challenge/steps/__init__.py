"""What happens inside the steps of a run, wherever it runs: prepare, run, evaluate."""
