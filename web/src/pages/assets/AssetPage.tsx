import { Page } from '@/components/Page'

import { texts } from './texts'

export function AssetPage() {
  return (
    <Page title={texts.asset.title} description={texts.asset.description}>
      {null}
    </Page>
  )
}
