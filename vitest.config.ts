import { defineConfig } from 'vitest/config'

const exclude = ['**/node_modules/**', '**/dist/**', '.tools/**', '.gatehouse/**']

/** Pure: beside the code, in threads that share what they have loaded. */
const pure = [
  'libs/{errors,config,telemetry,promql,authz,audit,query,identity,http}/src/**/*.test.ts',
  'services/console/src/**/*.test.ts',
  'test/architecture/**/*.test.ts',
]

/** What measures memory, delays or the order of things under load: a neighbour would be measured, too. */
const alone = [
  'libs/upstream/src/replica-choice.test.ts',
  'test/integration/{cache-property,event-loop,faults-load,faults-overload,merge-memory}.test.ts',
]

const servers = {
  globalSetup: ['test/support/postgres-setup.ts'],
  pool: 'forks',
  testTimeout: 120_000,
  hookTimeout: 180_000,
} as const

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'artefacts/vitest.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: pure,
          exclude,
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
        },
      },
      {
        // Real servers. Two files at a time also where there are two cores, as half of the time is waiting.
        test: {
          ...servers,
          name: 'system',
          include: [
            'libs/{store,cache,upstream}/src/**/*.test.ts',
            'services/{cli,control,gateway}/src/**/*.test.ts',
            'deploy/**/*.test.ts',
            'test/{conformance,integration,security,e2e}/**/*.test.ts',
          ],
          exclude: [...exclude, ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...servers,
          name: 'alone',
          include: alone,
          exclude,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
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
