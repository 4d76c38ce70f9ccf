import { defineConfig } from 'vitest/config'

const exclude = ['**/node_modules/**', '**/dist/**', '.tools/**', '.gatehouse/**']

// unit: pure and beside the code, in threads. system: real servers, one file at a time (two cores), in forks.
export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'artefacts/vitest.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'libs/{errors,config,telemetry,promql,authz,audit,query,identity,http}/src/**/*.test.ts',
            'services/console/src/{charts,dashboards}/**/*.test.ts',
            'test/architecture/**/*.test.ts',
          ],
          exclude,
          pool: 'threads',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          include: [
            'libs/{store,cache,upstream}/src/**/*.test.ts',
            'services/**/*.test.ts',
            'deploy/**/*.test.ts',
            'test/{conformance,integration,security,e2e}/**/*.test.ts',
          ],
          exclude: [...exclude, 'services/console/src/{charts,dashboards}/**'],
          globalSetup: ['test/support/postgres-setup.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['libs/query/src/enforce.ts'],
      reporter: ['text'],
      // The one file that stands between tenants: no branch of it goes untested.
      thresholds: { branches: 100, functions: 100, lines: 100, statements: 100 },
      reportsDirectory: 'artefacts/coverage',
    },
  },
})
