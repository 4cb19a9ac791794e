"""Tests of the planning service, against a server in a process of its own; only loopback is used."""
