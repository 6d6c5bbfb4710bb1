"""What the benchmarks share: starting servers, measuring them, loading them, writing results."""
