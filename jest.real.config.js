/**
 * Contract suites of the real adapters, and the stories on real servers: `npm run test:real`. One file at a time, since
 * they kill and freeze the servers they use. The variables that name the servers: docs/operations.md.
 */
const base = require('./jest.config.js');

module.exports = {
  ...base,
  testMatch: ['**/*.real.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  reporters: ['default', ['<rootDir>/test/jest/adapter-table.js', { complete: true }]],
  testTimeout: 120000,
  maxWorkers: 1,
};
