// What merging holds at its most, beside the size of what it is given and gives back: `npm run bench -- merge-memory [MB]`.
import { measureMerging } from '../test/support/merge-memory.ts'

const bytes = Number(process.argv[2] ?? 100) * 1e6
const megabytes = (n: number): number => Math.round(n / 1e5) / 10

const works = [
  ['x', true],
  ['x', false],
  ['quantile(0.5, x)', true],
  ['quantile(0.5, x)', false],
  ['topk(3, x)', true],
  ['topk(3, x)', false],
  ['sort(x)', false],
] as const

const rows = []
for (const [query, isRange] of works) {
  const { received, answer, held, ms } = await measureMerging({ query, isRange, bytes })
  rows.push({
    query: `${isRange ? 'range' : 'instant'} ${query}`,
    'received MB': megabytes(received),
    'answer MB': megabytes(answer),
    'held MB': megabytes(held),
    'held / larger': Math.round((100 * held) / Math.max(received, answer)) / 100,
    ms: Math.round(ms),
  })
}
console.table(rows)
