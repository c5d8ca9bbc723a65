import { Page } from '@/components/Page'

import { texts } from './texts'

export function TechniquePage() {
  return (
    <Page title={texts.technique.title} description={texts.technique.description}>
      {null}
    </Page>
  )
}
