"""Every entry point that is not HTTP: the command line and the shell commands for newcomers."""
