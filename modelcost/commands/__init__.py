"""The commands, each a module: `parser(name)` says what it takes, `run(name, words)` does it and gives the status."""
