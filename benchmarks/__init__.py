"""Measurements of ours over a yardstick. Each brings its own throw-away database and never touches another."""
