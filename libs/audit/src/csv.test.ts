import { expect, it } from 'vitest'
import { csvCell, csvHeader, csvRow } from './csv.ts'
import { sampleEvent } from './sample.ts'
import { toStoredEvent } from './stored.ts'

it.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "x"\nnow', '"say ""x""\nnow"'],
  ['=1+1', "'=1+1"],
  ['+44', "'+44"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['  =cmd|x', "'  =cmd|x"],
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ['', ''],
])('writes the cell %j as %j', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})

it('writes a row as long as its header', () => {
  const event = toStoredEvent(sampleEvent(1, { action: 'plain' }), 'p-1')
  const row = csvRow({ writer: 'w', org: 'transport', seq: 1, prev: '', hash: 'h', event, identity: null })
  const simple = row.replaceAll(/"[^"]*"/g, 'x')
  expect(simple.split(',')).toHaveLength(csvHeader.split(',').length)
  expect(row).toContain('p-1')
})
