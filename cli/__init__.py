"""The command line: one verb a file. The only place, with the scheduler, where everything is wired together."""
