"""The company of the demo: embedded mail servers and the people who play it."""
