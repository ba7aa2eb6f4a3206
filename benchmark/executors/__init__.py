"""Ways to run work: in this process, in processes of this machine, elsewhere."""
