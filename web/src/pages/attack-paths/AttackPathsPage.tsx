import { Page } from '@/components/Page'

import { texts } from './texts'

export function AttackPathsPage() {
  return (
    <Page title={texts.paths.title} description={texts.paths.description}>
      {null}
    </Page>
  )
}
