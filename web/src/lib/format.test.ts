import { expect, test } from 'vitest'

import { counted, duration, relative, shortFile, size } from './format'

test('counts agree with their nouns and have separators', () => {
  expect(counted(1, 'path')).toBe('1 path')
  expect(counted(0, 'path')).toBe('0 paths')
  expect(counted(12_345, 'identity', 'identities')).toBe('12,345 identities')
})

test('sizes use binary units', () => {
  expect([0, 1023, 1024, 1536, 10 * 1024 ** 2, 3 * 1024 ** 5].map(size)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '10 MiB',
    '3072 TiB',
  ])
})

test('a duration is told in the largest unit of which there are two', () => {
  expect([1, 59, 60, 119, 3599, 7200, 86_400, 3 * 86_400, 80 * 86_400, 800 * 86_400].map(duration)).toEqual([
    '1 second',
    '59 seconds',
    '1 minute',
    '1 minute',
    '59 minutes',
    '2 hours',
    '24 hours',
    '3 days',
    '2 months',
    '2 years',
  ])
})

test('times are told from now', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  expect(relative('2026-11-21T11:59:40Z', now)).toBe('just now')
  expect(relative('2026-11-21T09:00:00Z', now)).toBe('3 hours ago')
  expect(relative('2026-11-24T12:00:00Z', now)).toBe('in 3 days')
})

test('a file is told without its folders, and with its archive', () => {
  expect(shortFile('/srv/drop/loot.zip!folder/users.json')).toBe('loot.zip › users.json')
  expect(shortFile('C:\\scans\\dmz.nessus')).toBe('dmz.nessus')
})
