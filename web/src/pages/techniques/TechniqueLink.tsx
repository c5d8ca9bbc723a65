import { AppLink } from '@/components/AppLink'

import { useTechniques } from './useTechniques'

/** The title of a technique, leading to its explanation. */
export function TechniqueLink({ id }: { id: string }) {
  const title = useTechniques().get(id)?.title
  return (
    <AppLink to="/techniques/$techniqueId" params={{ techniqueId: id }} title={id}>
      {title ?? id}
    </AppLink>
  )
}
