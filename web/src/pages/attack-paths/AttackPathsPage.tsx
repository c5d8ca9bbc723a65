// Scenarios first, then the paths behind them, entries without a path, entry points, targets.

import { makeStyles, Tab, TabList, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { isNoGeneration } from '@/api/problem'
import { queries } from '@/api/queries'
import { NothingImported } from '@/components/NothingImported'
import { Page } from '@/components/Page'
import { useUrl } from '@/lib/search'

import { EntriesView } from './EntriesView'
import { ExposedView } from './ExposedView'
import { PathsView } from './PathsView'
import { ScenariosView } from './ScenariosView'
import { unfiltered, validateAttackPathsSearch, viewOf, views } from './search'
import { TargetsView } from './TargetsView'
import { texts } from './texts'

const useStyles = makeStyles({
  tabs: { flexWrap: 'wrap', marginLeft: `calc(-1 * ${tokens.spacingHorizontalM})` },
  panel: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

const shownBy = {
  scenarios: ScenariosView,
  paths: PathsView,
  exposed: ExposedView,
  entries: EntriesView,
  targets: TargetsView,
}

const tabId = (view: string) => `attack-paths-tab-${view}`
const panelId = 'attack-paths-panel'

export function AttackPathsPage() {
  const styles = useStyles()
  const [search, change] = useUrl(validateAttackPathsSearch)
  const overview = useQuery(queries.overview())
  const view = viewOf(search)
  const View = shownBy[view]
  if (isNoGeneration(overview.error)) {
    return (
      <Page title={texts.paths.title} description={texts.paths.description}>
        <NothingImported />
      </Page>
    )
  }
  return (
    <Page title={texts.paths.title} description={texts.paths.description}>
      <TabList
        aria-label={texts.viewsLabel}
        className={styles.tabs}
        selectedValue={view}
        onTabSelect={(_, data) => change({ ...unfiltered, view: views.find((it) => it === data.value) })}
      >
        {views.map((it) => (
          <Tab key={it} value={it} id={tabId(it)} aria-controls={panelId}>
            {texts.views[it]}
          </Tab>
        ))}
      </TabList>
      <div id={panelId} role="tabpanel" aria-labelledby={tabId(view)} className={styles.panel}>
        <View search={search} change={change} />
      </div>
    </Page>
  )
}
