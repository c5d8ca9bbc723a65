import { Page } from '@/components/Page'

import { texts } from './texts'

export function WhatIfPage() {
  return (
    <Page title={texts.whatIf.title} description={texts.whatIf.description}>
      {null}
    </Page>
  )
}
