// Where one change cuts most, and which change.

import { makeStyles, Tab, TabList, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { ChokePointPage } from '@/api/types'
import { ButtonLink } from '@/components/AppLink'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterOne } from '@/components/FilterBar'
import { ChokePointIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import Pager from '@/components/Pager'
import { ProblemMessage } from '@/components/ProblemMessage'
import { counted } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { ChokePoint, keyOf } from './ChokePoint'
import { sorts, validateChokePointsSearch, views } from './search'
import { texts } from './texts'
import { WidestBlastRadius } from './WidestBlastRadius'

const useStyles = makeStyles({
  tabs: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalM})` },
  panel: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  note: {
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    color: tokens.colorNeutralForeground2,
  },
})

const sortChoices = sorts.map((value) => ({ value, label: texts.sorts[value] }))
/** Of these the greatest comes first. */
const descending = new Set<string>(['severed', 'targets_severed', 'entries_severed', 'paths_through'])
const sortText = (field: string) => (descending.has(field) ? `-${field}` : field)

const panelId = 'choke-points-panel'
const tabId = (view: string) => `choke-points-tab-${view}`

export function ChokePointsPage() {
  const styles = useStyles()
  const [search, change] = useUrl(validateChokePointsSearch)
  const view = search.view ?? 'choke-points'
  return (
    <Page title={texts.chokePoints.title} description={texts.chokePoints.description}>
      <TabList
        aria-label={texts.viewsLabel}
        className={styles.tabs}
        selectedValue={view}
        onTabSelect={(_, data) =>
          change({
            view: views.find((it) => it === data.value),
            open: undefined,
            sort: undefined,
            limit: undefined,
          })
        }
      >
        {views.map((it) => (
          <Tab key={it} value={it} id={tabId(it)} aria-controls={panelId}>
            {texts.views[it]}
          </Tab>
        ))}
      </TabList>
      <div id={panelId} role="tabpanel" aria-labelledby={tabId(view)} className={styles.panel}>
        {view === 'choke-points' ? <List /> : <WidestBlastRadius />}
      </div>
    </Page>
  )
}

function List() {
  const styles = useStyles()
  const [search, change] = useUrl(validateChokePointsSearch)
  const { sort, offset = 0, limit } = search
  const query = useQuery(queries.chokePoints({ sort, offset, limit }))
  if (query.error && !query.data) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  const page = query.data
  if (!page) return <PageLoading what={texts.chokePoints.title.toLowerCase()} />
  if (page.total === 0) return <Nothing page={page} />
  const chosen = sorts.find((it) => sortText(it) === sort)
  return (
    <Section title={texts.chokePoints.title} description={texts.hint} isFlush>
      <FilterBar found={counted(page.total, ...texts.found)}>
        <FilterOne
          label={texts.sort}
          choices={sortChoices}
          chosen={chosen}
          onChange={(field) => change({ sort: field && sortText(field) })}
        />
      </FilterBar>
      <ol className={styles.list} aria-label={texts.list} aria-busy={query.isPlaceholderData}>
        {page.items.map((it, index) => {
          const key = keyOf(it)
          const isOpen = search.open === key
          return (
            <ChokePoint
              key={key}
              point={it}
              rank={page.offset + index + 1}
              isOpen={isOpen}
              onOpen={() => change({ open: isOpen ? undefined : key, offset: search.offset })}
            />
          )
        })}
      </ol>
      {page.assets_left_out > 0 ? <div className={styles.note}>{texts.leftOut(page.assets_left_out)}</div> : null}
      <Pager label={texts.chokePoints.title} answer={page} onChange={change} />
    </Section>
  )
}

/** No paths; or paths that no single change cuts. */
function Nothing({ page }: { page: ChokePointPage }) {
  if (page.why_none.length > 0) {
    return (
      <Section title={texts.chokePoints.title}>
        <EmptyState
          icon={ChokePointIcon}
          title={texts.none.title}
          actions={<ButtonLink to="/coverage">{texts.none.action}</ButtonLink>}
        >
          {page.why_none.map((it) => (
            <div key={it}>{it}</div>
          ))}
        </EmptyState>
      </Section>
    )
  }
  const count = page.smallest_joint_change
  return (
    <Section title={texts.chokePoints.title}>
      <EmptyState
        icon={ChokePointIcon}
        title={texts.joint.title}
        actions={<ButtonLink to="/attack-paths">{texts.joint.action}</ButtonLink>}
      >
        <div>{count ? texts.joint.text(count) : texts.joint.unknown}</div>
        {page.assets_left_out > 0 ? <div>{texts.leftOut(page.assets_left_out)}</div> : null}
      </EmptyState>
    </Section>
  )
}
