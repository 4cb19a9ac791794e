"""What an inference costs on a device: latency, energy and memory, always with a range and its basis."""
