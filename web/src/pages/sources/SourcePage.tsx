import { Page } from '@/components/Page'

import { texts } from './texts'

export function SourcePage() {
  return (
    <Page title={texts.source.title} description={texts.source.description}>
      {null}
    </Page>
  )
}
