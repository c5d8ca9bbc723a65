import { Page } from '@/components/Page'

import { texts } from './texts'

export function OverviewPage() {
  return (
    <Page title={texts.overview.title} description={texts.overview.description}>
      {null}
    </Page>
  )
}
