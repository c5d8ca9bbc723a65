import { expect, test } from 'vitest'

import { isControlPlane, isEdgeId, isObjectSet, isVirtual, nameParts } from './places'

test('what stands for many assets is known by its id', () => {
  expect(['entry:users:S-1', 'plane:forest:S-1', 'S-1', 'host:site:10.0.0.1'].map(isVirtual)).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect(isControlPlane('entry:users:S-1')).toBe(false)
  expect(['set:groups:T', 'S-1'].map(isObjectSet)).toEqual([true, false])
})

test('ids of steps are told from those of assets', () => {
  expect(isEdgeId('0123456789abcdef0123456789abcdef')).toBe(true)
  expect(isEdgeId('01234567-89ab-cdef-0123-456789abcdef')).toBe(false)
})

test('names are told from their domains', () => {
  expect(nameParts('ANNA@CORP.EXAMPLE')).toEqual(['ANNA', 'CORP.EXAMPLE'])
  expect(nameParts('FILES01.CORP.EXAMPLE')).toEqual(['FILES01', 'CORP.EXAMPLE'])
  expect(nameParts('SERVER ADMINS@CORP.EXAMPLE')).toEqual(['SERVER ADMINS', 'CORP.EXAMPLE'])
  expect(nameParts('DMZ')).toEqual(['DMZ', undefined])
  expect(nameParts('10.0.3.7')).toEqual(['10.0.3.7', undefined])
})
