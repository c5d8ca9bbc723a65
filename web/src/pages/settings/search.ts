import { listFields, oneOf, searchOf, text } from '@/lib/search'

export const settingsTabs = ['analysis', 'users', 'tokens', 'audit', 'about'] as const

export const validateSettingsSearch = searchOf({ ...listFields, tab: oneOf(settingsTabs), actor: text, verb: text })
