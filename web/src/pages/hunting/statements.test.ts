import { describe, expect, test } from 'vitest'

import { statementAt, statements, toRun } from './statements'

const texts = (text: string) => statements(text).map((it) => it.text)

describe('statements', () => {
  test('empty lines part queries', () => {
    expect(texts('Findings\n| count\n\nprint 1\n')).toEqual(['Findings\n| count', 'print 1'])
    expect(texts('\n \n')).toEqual([])
  })

  test('a let belongs to what follows it', () => {
    expect(texts('let a = 1;\n\nprint a')).toEqual(['let a = 1;\n\nprint a'])
    expect(texts('let a = 1; // one\n\nprint a')).toEqual(['let a = 1; // one\n\nprint a'])
  })

  test('a pipe goes on after an empty line', () => {
    expect(texts('Findings\n\n| count')).toEqual(['Findings\n\n| count'])
  })

  test('a comment belongs to the query below it, and alone is none', () => {
    expect(texts('// what\n\nprint 1\n\n// the end')).toEqual(['// what\n\nprint 1'])
  })

  test('a text of several lines holds empty ones', () => {
    expect(texts('print ```a\n\nb```\n\nprint 2')).toEqual(['print ```a\n\nb```', 'print 2'])
  })

  test('places are those of the whole text', () => {
    const text = 'print 1\n\nprint 2'
    for (const it of statements(text)) expect(text.slice(it.start, it.end)).toBe(it.text)
  })
})

describe('what is run', () => {
  const text = 'print 1\n\nprint 2'

  test('the query under the caret, or the one before it', () => {
    expect(statementAt(text, 3)?.text).toBe('print 1')
    expect(statementAt(text, 8)?.text).toBe('print 1')
    expect(statementAt(text, 9)?.text).toBe('print 2')
    expect(statementAt(`\n${text}`, 0)?.text).toBe('print 1')
    expect(statementAt('', 0)).toBeUndefined()
  })

  test('the selection counts more, unless it is white space', () => {
    expect(toRun(text, 0, 5)?.text).toBe('print')
    expect(toRun(text, 7, 9)?.text).toBe('print 2')
  })
})
