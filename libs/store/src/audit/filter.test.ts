import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../../test/support/postgres.ts'
import { classesOf, codesLike, filterConditions, wordsQuery } from './filter.ts'

describe('a filter', () => {
  it('means the same here and in the database', async () => {
    const database = await freshDatabase()
    const client = new pg.Client({ connectionString: database.adminUrl })
    await client.connect()
    const { rows } = await client.query<{ text: string }>('select audit_conditions() as text')
    await client.end()
    await database.drop()
    expect(rows[0]?.text.trim()).toBe(filterConditions.trim())
  })

  it('knows codes by their beginning, and where they can be', () => {
    expect(codesLike(['Q001'])).toEqual(['Q001I', 'Q001D', 'Q001E'])
    expect(codesLike(["'"])).toEqual([])
    expect(classesOf({ codes: ['A', 'L001I'] })).toEqual(['identity', 'change'])
    expect(classesOf({ codes: ['Q'], classes: ['change'] })).toEqual([])
    expect(classesOf({})).toEqual(['query', 'identity', 'change'])
  })

  it.each([
    ['rate ml_metric', `'rate':* & 'ml_metric':*`],
    ['r-2f', `'r' & '2f'`],
    [`'); drop & | !`, `'drop':*`],
    ['CHLOÉ', `'chloé':*`],
    ['--', null],
    ['x'.repeat(65), null],
  ])('asks for the words of %j as %j', (text, query) => {
    expect(wordsQuery(text)).toBe(query)
  })
})
