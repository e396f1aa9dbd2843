'use strict';
/**
 * Jest reporter: the table of ports, adapters and what each was put through in this run, with the versions of the
 * servers that answered. Runs that name the same file in EDWIN_ADAPTER_RUNS add to it, and the last one shows them all.
 * With EDWIN_REQUIRE_REAL=1 a skipped suite or a hole in the table fails the run that is `complete`.
 */
const { appendFileSync, mkdtempSync, readFileSync, existsSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, dirname } = require('node:path');

const ports = ['database', 'queue', 'registry', 'telemetry', 'graph', 'hosts', 'images', 'edge'];
const columns = [
  'order',
  'redelivery',
  'duplicates',
  'back-pressure',
  'close while busy',
  'unreachable',
  'lost and back',
  'paused',
  'wrong credentials',
  'another environment',
];
/** What has to be there where runs add up to the whole. */
const adapters = {
  database: ['embedded PostgreSQL', 'PostgreSQL over TLS'],
  queue: ['PostgreSQL', 'RabbitMQ'],
  registry: ['PostgreSQL', 'Consul'],
  telemetry: ['PostgreSQL', 'Elasticsearch'],
  graph: ['PostgreSQL', 'Neo4j'],
  hosts: ['local', 'Docker over TLS', 'Docker over SSH', 'Docker over a socket'],
  images: ['local', 'OCI registry', 'OCI registry, classic builder'],
  edge: ['local', 'HAProxy'],
};
const heading = /^(.+?) keeps the promises of (?:an? |the )?(\w+)$/;

module.exports = class AdapterTable {
  constructor(_config, options = {}) {
    this.strict = process.env.EDWIN_REQUIRE_REAL === '1' && options.complete === true;
    this.file = join(mkdtempSync(join(tmpdir(), 'edwin-table-')), 'rows');
    process.env.EDWIN_ADAPTER_TABLE = this.file;
  }

  onRunComplete(_contexts, { testResults }) {
    const facts = linesOf(this.file);
    rmSync(dirname(this.file), { recursive: true, force: true });
    const tests = testResults
      .flatMap((result) => result.testResults)
      .map(({ ancestorTitles, title, status }) => ({ ancestorTitles, title, status }));
    const before = linesOf(process.env.EDWIN_ADAPTER_RUNS);
    if (process.env.EDWIN_ADAPTER_RUNS) {
      const own = tests.filter(({ ancestorTitles }) => ancestorTitles.some((title) => heading.test(title)));
      appendFileSync(process.env.EDWIN_ADAPTER_RUNS, `${JSON.stringify({ tests: own, facts })}\n`);
    }
    const { lines, holes, skips } = tableOf(
      [...before.flatMap((run) => run.tests), ...tests],
      [...before.flatMap((run) => run.facts), ...facts],
      process.env.EDWIN_ADAPTER_RUNS ? adapters : {},
    );
    if (lines.length > 0) process.stderr.write(`\n${lines.join('\n')}\n`);
    if (!this.strict) return;
    const wrong = [...holes, ...skips.map((title) => `skipped: ${title}`)];
    if (wrong.length > 0) this.error = new Error(`Not everything was exercised:\n  ${wrong.join('\n  ')}`);
  }

  getLastError() {
    return this.error;
  }
};

function linesOf(file) {
  if (!file || !existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Pure: test results, facts about servers, and the adapters each port has to have → what is printed and is missing. */
function tableOf(tests, facts, expected = {}) {
  const rows = new Map();
  const row = (port, adapter) => {
    const key = `${port}/${adapter}`;
    if (!rows.has(key)) rows.set(key, { port, adapter, cells: new Map() });
    return rows.get(key);
  };
  const skips = [];
  for (const { ancestorTitles, title, status } of tests) {
    if (status === 'pending' && !/\(unsupported: .+\)$/.test(title)) skips.push([...ancestorTitles, title].join(' › '));
    const found = ancestorTitles.map((each) => heading.exec(each)).find(Boolean);
    if (!found) continue;
    const { cells } = row(found[2], found[1]);
    const covers = /\[([^\]]+)\](?: \(unsupported: .+\))?$/.exec(title)?.[1]?.split(', ') ?? [];
    for (const column of covers) {
      const seen = cells.get(column) ?? { passed: 0, failed: 0 };
      if (status === 'passed') seen.passed++;
      if (status === 'failed') seen.failed++;
      cells.set(column, seen);
    }
  }
  for (const { port, adapter, version, meaningless = {} } of facts)
    Object.assign(row(port, adapter), { version, meaningless });

  const reasons = [];
  const holes = Object.entries(expected).flatMap(([port, names]) =>
    names.filter((name) => !rows.has(`${port}/${name}`)).map((name) => `${port} × ${name}: not run`),
  );
  const sorted = [...rows.values()].sort((a, b) => ports.indexOf(a.port) - ports.indexOf(b.port));
  const body = sorted.map(({ port, adapter, version, cells, meaningless = {} }) => {
    if (version === undefined) holes.push(`${port} × ${adapter}: no server told its version`);
    const shown = columns.map((column) => {
      const seen = cells.get(column);
      if (seen?.failed) return 'FAILED';
      if (seen?.passed) return '✓';
      if (meaningless[column]) {
        const reason = `${port}, ${column}: ${meaningless[column]}`;
        if (!reasons.includes(reason)) reasons.push(reason);
        return `– ${reasons.indexOf(reason) + 1}`;
      }
      holes.push(`${port} × ${adapter}: ${column}`);
      return 'HOLE';
    });
    return [port, adapter, version ?? '?', ...shown];
  });
  const cells = [['port', 'adapter', 'server', ...columns], ...body];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => [...line[i]].length)));
  const drawn = cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  const lines = body.length === 0 ? [] : [...drawn, ...reasons.map((reason, i) => `  ${i + 1}  ${reason}`)];
  return { lines, holes, skips };
}
module.exports.tableOf = tableOf;
module.exports.columns = columns;
