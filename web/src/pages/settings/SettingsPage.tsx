// Settings of the analysis, people, tokens, the audit log, and what this installation is.

import { makeStyles, Tab, TabList, tokens } from '@fluentui/react-components'
import type { ComponentType } from 'react'

import { Page } from '@/components/Page'
import { useUrl } from '@/lib/search'

import { About } from './About'
import { Analysis } from './Analysis'
import { Audit } from './Audit'
import { settingsTabs, validateSettingsSearch } from './search'
import { texts } from './texts'
import { Tokens } from './Tokens'
import { Users } from './Users'

type SettingsTab = (typeof settingsTabs)[number]

const panels: Record<SettingsTab, ComponentType> = {
  analysis: Analysis,
  users: Users,
  tokens: Tokens,
  audit: Audit,
  about: About,
}

const useStyles = makeStyles({
  tabs: { overflowX: 'auto' },
  panel: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL, minWidth: 0 },
})

export function SettingsPage() {
  const styles = useStyles()
  const [search, change] = useUrl(validateSettingsSearch)
  const tab = search.tab ?? settingsTabs[0]
  const Panel = panels[tab]
  return (
    <Page title={texts.settings.title} description={texts.settings.description}>
      <TabList
        className={styles.tabs}
        selectedValue={tab}
        onTabSelect={(_, data) =>
          change({ tab: data.value as SettingsTab, actor: undefined, verb: undefined, sort: undefined, limit: undefined })
        }
      >
        {settingsTabs.map((it) => (
          <Tab key={it} value={it} id={`tab-${it}`} aria-controls="settings-panel">
            {texts.tabs[it]}
          </Tab>
        ))}
      </TabList>
      <div id="settings-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className={styles.panel}>
        <Panel />
      </div>
    </Page>
  )
}
