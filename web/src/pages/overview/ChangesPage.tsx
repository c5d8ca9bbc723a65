import { Page } from '@/components/Page'

import { texts } from './texts'

export function ChangesPage() {
  return (
    <Page title={texts.changes.title} description={texts.changes.description}>
      {null}
    </Page>
  )
}
