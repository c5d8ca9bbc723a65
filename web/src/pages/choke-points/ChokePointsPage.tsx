import { Page } from '@/components/Page'

import { texts } from './texts'

export function ChokePointsPage() {
  return (
    <Page title={texts.chokePoints.title} description={texts.chokePoints.description}>
      {null}
    </Page>
  )
}
