// Preloaded into processes that tests start: their input is a pipe of the test run, and closes with it.
process.stdin.on('end', () => process.exit(1)).resume();
