import { Page } from '@/components/Page'

import { texts } from './texts'

export function TechniquesPage() {
  return (
    <Page title={texts.techniques.title} description={texts.techniques.description}>
      {null}
    </Page>
  )
}
