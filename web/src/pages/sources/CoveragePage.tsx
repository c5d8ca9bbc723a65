import { Page } from '@/components/Page'

import { texts } from './texts'

export function CoveragePage() {
  return (
    <Page title={texts.coverage.title} description={texts.coverage.description}>
      {null}
    </Page>
  )
}
