'use strict';
/**
 * Jest runner for suites on real servers, which kill and freeze what they use: files run beside each other, at most
 * `maxWorkers`, while no two of them name the same server in `onEngines([…])`. Each has a process of its own.
 */
const { readFileSync } = require('node:fs');
const { default: TestRunner } = require('jest-runner');

const SHORT_S = 10;

/** What no suite disturbs: a program that each starts for itself, and an engine on which each has containers of its own. */
const shared = new Set(['haproxy', 'docker']);

module.exports = class EngineRunner extends TestRunner {
  constructor(globalConfig, context, options) {
    super({ ...globalConfig, maxWorkers: 1 }, context, options);
    this.atOnce = globalConfig.maxWorkers;
  }

  async runTests(tests, watcher) {
    const waiting = tests.map((test) => ({ test, ...suiteOf(readFileSync(test.path, 'utf8')) }));
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

/** What a suite's source says: the servers it asks for, and about how long it takes, where that is long (`@seconds`). */
function suiteOf(source) {
  const lists = [...source.matchAll(/onEngines\(\s*\[([^\]]*)\]/g)].map(([, list]) => list);
  if (lists.length === 0) throw new Error('A suite on real servers names them: onEngines([…])');
  const names = lists.flatMap((list) => [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name));
  const seconds = Number(/@seconds (\d+)/.exec(source)?.[1] ?? SHORT_S);
  return { servers: new Set(names.filter((name) => !shared.has(name))), seconds };
}

/**
 * Pure: of those that dispute no server with a running one, the one with the most still to come after it, itself
 * included, for its servers: so that no long suite is left for the end.
 */
function nextOf(waiting, running) {
  const toCome = (file) =>
    waiting.reduce((sum, other) => (other === file || dispute(file, other) ? sum + other.seconds : sum), 0);
  const free = waiting.filter((file) => !running.some((other) => dispute(file, other)));
  return free.reduce((best, file) => (best && toCome(best) >= toCome(file) ? best : file), undefined);
}

const dispute = (a, b) => [...a.servers].some((name) => b.servers.has(name));

Object.assign(module.exports, { suiteOf, nextOf });
