import { Page } from '@/components/Page'

import { texts } from './texts'

export function AttackPathPage() {
  return (
    <Page title={texts.path.title} description={texts.path.description}>
      {null}
    </Page>
  )
}
