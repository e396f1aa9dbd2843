'use strict';
/**
 * Jest runner for suites on real servers, which kill and freeze what they use: files run beside each other, at most
 * `maxWorkers`, while no two of them name the same server in `onEngines([…])`. Each has a process of its own.
 */
const { readFileSync } = require('node:fs');
const { default: TestRunner } = require('jest-runner');

/** A program that every suite starts for itself is no server that two could dispute. */
const own = new Set(['haproxy']);

module.exports = class EngineRunner extends TestRunner {
  constructor(globalConfig, context, options) {
    super({ ...globalConfig, maxWorkers: 1 }, context, options);
    this.atOnce = globalConfig.maxWorkers;
  }

  async runTests(tests, watcher) {
    const waiting = tests.map((test) => ({ test, servers: serversOf(readFileSync(test.path, 'utf8')) }));
    const running = new Map();
    while (waiting.length + running.size > 0) {
      const file = running.size < this.atOnce ? nextOf(waiting, [...running.keys()]) : undefined;
      if (file === undefined) {
        await Promise.race(running.values());
        continue;
      }
      waiting.splice(waiting.indexOf(file), 1);
      const run = super.runTests([file.test], watcher, { serial: false });
      running.set(
        file,
        run.finally(() => running.delete(file)),
      );
    }
  }
};

/** Names of the servers that a suite's source asks for. */
function serversOf(source) {
  const lists = [...source.matchAll(/onEngines\(\s*\[([^\]]*)\]/g)].map(([, list]) => list);
  if (lists.length === 0) throw new Error('A suite on real servers names them: onEngines([…])');
  const names = lists.flatMap((list) => [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name));
  return new Set(names.filter((name) => !own.has(name)));
}

/** Pure: of those that dispute no server with a running one, the one that the most others wait for. */
function nextOf(waiting, running) {
  const waitFor = (file) => waiting.filter((other) => dispute(file, other)).length;
  const free = waiting.filter((file) => !running.some((other) => dispute(file, other)));
  return free.reduce((best, file) => (best && waitFor(best) >= waitFor(file) ? best : file), undefined);
}

const dispute = (a, b) => [...a.servers].some((name) => b.servers.has(name));

Object.assign(module.exports, { serversOf, nextOf });
