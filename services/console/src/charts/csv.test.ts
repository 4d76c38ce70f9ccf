import { describe, expect, it } from 'vitest'
import { fileName, toCsv } from './csv.ts'

describe('CSV', () => {
  it('quotes, and disarms what a spreadsheet would run', () => {
    const rows = [
      ['a,b', 'say "x"', 1],
      ['=HYPERLINK("http://x")', '+1', -2],
      ['@sum', '-3', null],
      ['＝1', '\t=1', true],
    ]
    expect(toCsv(['name', '=head', 'n'], rows)).toBe(
      [
        "name,'=head,n",
        '"a,b","say ""x""",1',
        '"\'=HYPERLINK(""http://x"")",\'+1,-2',
        "'@sum,'-3,",
        "'＝1,'\t=1,true",
        '',
      ].join('\r\n'),
    )
  })

  it('makes a file name of a title', () => {
    expect(fileName('Latency p99 / model: credit', 'csv')).toBe('Latency-p99-model-credit.csv')
    expect(fileName('../..', 'csv')).toBe('data.csv')
  })
})
