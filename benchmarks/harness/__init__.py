"""What the benchmarks share: servers, load client, measuring and printing."""
