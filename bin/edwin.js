#!/usr/bin/env node
'use strict';
/** The command `edwin`: `edwin up` starts everything, `edwin autoscaler simulate` calculates, all else speaks to what runs. */
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Edwin needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(2);
}

const root = join(__dirname, '..');
const dist = join(root, 'dist');
if (!existsSync(join(dist, 'chatops', 'cli', 'main.js'))) {
  const built = spawnSync(process.execPath, [join(__dirname, 'build.js')], { cwd: root, stdio: ['ignore', 2, 2] });
  if (built.status !== 0) {
    console.error('Edwin is not built, and building it failed. Run: npm ci && npm run build');
    process.exit(1);
  }
}

if (process.argv[2] === 'up' || process.argv[2] === 'setup') {
  const [program] = process.argv.splice(2, 1);
  require(join(dist, 'observability', 'instrument.js'));
  require(join(dist, 'chatops', program, 'main.js'));
} else if (process.argv[2] === 'autoscaler' && process.argv[3] === 'simulate') {
  const { simulateCommand } = require(join(dist, 'autoscaler', 'simulate', 'command.js'));
  process.exitCode = simulateCommand(process.argv.slice(4), { out: process.stdout, err: process.stderr });
} else {
  const { main } = require(join(dist, 'chatops', 'cli', 'main.js'));
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  // The reader may have gone (`edwin logs … | head`).
  process.stdout.on('error', () => process.exit(0));
  const { stdin: input, stdout: out, stderr: err, env } = process;
  main({ argv: process.argv.slice(2), env, cwd: process.cwd(), input, out, err, interrupted: interrupt.signal }).then(
    (status) => {
      process.exitCode = status;
      // What is still open (a stream given up by Ctrl-C) must not keep the process; what is written must get out.
      out.write('', () => err.write('', () => process.exit(status)));
    },
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
