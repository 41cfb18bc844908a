"""The network, one file per outside world."""
