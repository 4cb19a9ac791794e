"""powerplan: battery life, latency and accuracy of a product, from one text file."""
