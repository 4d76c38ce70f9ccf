import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countShare, createWave, day, rateAt, totalAt } from './wave.ts'

const start = Date.UTC(2026, 5, 1) / 1000
const time = fc.double({ min: start, max: start + 400 * day, noNaN: true })
const name = fc.string({ minLength: 1 })

describe('createWave', () => {
  it('never falls to zero and is the same for the same name', () => {
    fc.assert(
      fc.property(name, time, (text, at) => {
        const wave = createWave(text, 4)
        expect(rateAt(wave, at)).toBeGreaterThan(0)
        expect(wave).toEqual(createWave(text, 4))
      }),
    )
  })
})

describe('totalAt', () => {
  it('is the integral of the rate', () => {
    fc.assert(
      fc.property(name, time, (text, from) => {
        const wave = createWave(text, 3)
        const width = 10
        let sum = 0
        for (let at = from; at < from + 3_600 - width / 2; at += width)
          sum += rateAt(wave, at + width / 2) * width
        expect(totalAt(wave, from + 3_600) - totalAt(wave, from)).toBeCloseTo(sum, 0)
      }),
    )
  })
})

describe('countShare', () => {
  const wave = createWave('shares', 5)
  const at = (hours: number): number => start + hours * 3_600

  it('counts a constant share', () => {
    const count = countShare(wave, [{ from: 0, share: 0.25 }])
    expect(count(at(10))).toBe(Math.floor(0.25 * totalAt(wave, at(10))))
  })

  it('never decreases, and shares that add up to one add up to the whole', () => {
    const steps = [
      { from: 0, share: 0.9 },
      { from: at(2), share: 0.5 },
      { from: at(5), share: 0 },
    ]
    const rest = steps.map(({ from, share }) => ({ from, share: 1 - share }))
    const [count, other] = [countShare(wave, steps), countShare(wave, rest)]
    for (let last = 0, t = at(0); t < at(8); t += 97) {
      expect(count(t)).toBeGreaterThanOrEqual(last)
      last = count(t)
      expect(Math.abs(last + other(t) - totalAt(wave, t))).toBeLessThan(2.01)
    }
    expect(count(at(8))).toBe(count(at(5)))
  })
})
