"""cascade: two quantized models in a row, their scores, thresholds and cost."""
