/**
 * Contract suites of the real adapters, and the stories on real servers: `npm run test:real`. No two at a time that
 * use the same server, since they kill and freeze them. The variables that name the servers: docs/operations.md.
 */
const base = require('./jest.config.js');

module.exports = {
  ...base,
  testMatch: ['**/*.real.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  reporters: ['default', ['<rootDir>/test/jest/adapter-table.js', { complete: true }]],
  testTimeout: 120000,
  runner: '<rootDir>/test/jest/engine-runner.js',
  maxWorkers: 3,
};
