"""One module a verb: `configure(parser)` declares its options, `run(args)` carries it out and returns an exit code."""
