/** Tests run on the TypeScript sources; one embedded PostgreSQL serves a whole run (test/jest/). */
module.exports = {
  testEnvironment: 'node',
  roots: [
    '<rootDir>/platform',
    '<rootDir>/chatops',
    '<rootDir>/services',
    '<rootDir>/observability',
    '<rootDir>/autoscaler',
    '<rootDir>/test',
  ],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '\\.real\\.test\\.ts$'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: { ...require('./tsconfig.json').compilerOptions, isolatedModules: true } }],
  },
  globalSetup: '<rootDir>/test/jest/start-postgres.ts',
  globalTeardown: '<rootDir>/test/jest/stop-postgres.ts',
  reporters: ['default', '<rootDir>/test/jest/adapter-table.js'],
  testTimeout: 30000,
  maxWorkers: 2,
};
