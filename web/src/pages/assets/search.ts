import { listFields, oneOf, searchOf, some, someOf, text } from '@/lib/search'

export const criticalities = ['control-plane', 'very-high', 'high', 'medium', 'low', 'none'] as const
export const states = ['enabled', 'disabled', 'on-path', 'entry', 'target', 'exploitable', 'stub'] as const
export const assetTabs = ['summary', 'edges', 'findings', 'paths', 'facts'] as const

export const validateAssetsSearch = searchOf({
  ...listFields,
  kind: some,
  criticality: someOf(criticalities),
  boundary: text,
  state: someOf(states),
})

export const validateAssetSearch = searchOf({
  ...listFields,
  tab: oneOf(assetTabs),
  direction: oneOf(['in', 'out']),
  kind: oneOf(['step', 'reported']),
  technique: text,
})
