import type { Random } from './random.ts'

const parts = [
  ...'()[]{}|*+?.^$-,:=!<>\\&0123aBbdDpPLQExzAswi_ '.split(''),
  '[^',
  '[[:alpha:]]',
  '[:^digit:]',
  '\\d',
  '\\pL',
  '\\p{Greek}',
  '\\P{^Lu}',
  '\\Q',
  '\\E',
  '(?:',
  '(?i)',
  '(?i-s:',
  '(?P<n>',
  '{2}',
  '{0,3}',
  '{2,}',
  '{1000}',
  '\\b',
  '\\B',
  '\\x41',
  '\\x{2',
  '\\07',
  '**',
  'a-z',
  '😀',
  '(|',
  '\\\\',
  '\\]',
  '(a|b)?',
]

/** A random pattern made of everything that has a meaning in RE2 syntax; about one in four is valid. */
export function generatePattern(random: Random): string {
  return Array.from({ length: 1 + random.below(10) }, () => random.pick(parts)).join('')
}
