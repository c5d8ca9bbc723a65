import { Page } from '@/components/Page'

import { texts } from './texts'

export function SettingsPage() {
  return (
    <Page title={texts.settings.title} description={texts.settings.description}>
      {null}
    </Page>
  )
}
