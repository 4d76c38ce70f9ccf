import { createRandomness, randomVector } from '../random.ts'
import { entries } from './entry.ts'

/** The same every time: a difference found in more of them becomes an expression of its own elsewhere. */
const seeds = Array.from({ length: 160 }, (_, i) => i)

export const random = entries(
  'random compositions',
  seeds.map((seed) => randomVector(createRandomness(seed), 1 + (seed % 4))),
)
