import { expect, it } from 'vitest'
import { mergeStats } from './stats.ts'

const stats = (
  time: number,
  read: number,
  peak: number,
  perStep?: readonly (readonly [number, number])[],
) => ({
  resultType: 'vector',
  result: [],
  stats: {
    timings: { evalTotalTime: time, execTotalTime: time * 2 },
    samples: {
      ...(perStep === undefined ? {} : { totalQueryableSamplesPerStep: perStep }),
      totalQueryableSamples: read,
      peakSamples: peak,
    },
  },
})

it('statistics of shards that work at the same time are one', () => {
  const merged = mergeStats([
    stats(0.25, 10, 7, [
      [1, 4],
      [2, 6],
    ]),
    stats(0.5, 5, 9, [[2, 5]]),
    { result: [] },
  ])
  expect(merged).toEqual({
    timings: {
      evalTotalTime: 0.5,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: 0,
      execQueueTime: 0,
      execTotalTime: 1,
    },
    samples: {
      totalQueryableSamplesPerStep: [
        [1, 4],
        [2, 11],
      ],
      totalQueryableSamples: 15,
      peakSamples: 9,
    },
  })
  expect(mergeStats([stats(1, 1, 1)])?.samples).not.toHaveProperty('totalQueryableSamplesPerStep')
})

it('there are none where no shard gives any, and nonsense counts as nothing', () => {
  expect(mergeStats([{ result: [] }, 'x', null])).toBeUndefined()
  expect(mergeStats([{ stats: { samples: { totalQueryableSamples: 'many' } } }])?.samples).toEqual({
    totalQueryableSamples: 0,
    peakSamples: 0,
  })
})
