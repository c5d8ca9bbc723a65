import { Page } from '@/components/Page'

import { texts } from './texts'

export function SourcesPage() {
  return (
    <Page title={texts.sources.title} description={texts.sources.description}>
      {null}
    </Page>
  )
}
