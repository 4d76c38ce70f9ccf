import { describe, expect, it } from 'vitest'
import { eventClass, eventCodes, eventTitle, isEventCode } from './codes.ts'

describe('event codes', () => {
  it('have one form, one title each, and a class', () => {
    expect(new Set(eventCodes).size).toBe(eventCodes.length)
    for (const code of eventCodes) {
      expect(code).toMatch(/^[A-Z]\d{3}[IWDE]$/)
      expect(eventTitle(code)).toMatch(/^[A-Z].{5,80}$/)
    }
    expect(['Q001I', 'V001D', 'L001E', 'A004I', 'E001I', 'S007W'].map(eventClass)).toEqual([
      'query',
      'query',
      'identity',
      'change',
      'change',
      'change',
    ])
  })

  it('are closed', () => {
    expect(isEventCode('Q001I')).toBe(true)
    expect(isEventCode('Q999I')).toBe(false)
    expect(eventTitle('toString')).toBeUndefined()
  })
})
