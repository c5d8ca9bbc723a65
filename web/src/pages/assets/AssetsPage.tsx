// Devices, identities, cloud, all: one list over four views of the assets.

import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { AssetRow, AssetView } from '@/api/types'
import { Age } from '@/components/Age'
import { ButtonLink } from '@/components/AppLink'
import { BasisBadge, CriticalityBadge } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterMany, FilterSearch } from '@/components/FilterBar'
import { iconOfKind } from '@/components/KindIcon'
import { Page, Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { counted } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { criticalities, states, validateAssetsSearch } from './search'
import { texts } from './texts'

const columns = [
  column.text<AssetRow>('name', (it) => <PlaceLink id={it.id} name={it.name} kind={it.kind} />, {
    title: texts.columns.name,
    isSortable: true,
  }),
  column.text<AssetRow>('kind', (it) => it.kind, {
    title: texts.columns.kind,
    width: '9.5rem',
    isSortable: true,
    narrow: 'below',
  }),
  column.text<AssetRow>('boundary', (it) => it.boundary_name, {
    title: texts.columns.boundary,
    width: '11rem',
    narrow: 'below',
  }),
  column.text<AssetRow>(
    'criticality',
    (it) => <CriticalityBadge level={it.criticality} controlPlane={it.control_plane} />,
    { title: texts.columns.criticality, width: '7rem', isSortable: true, startsDescending: true },
  ),
  column.text<AssetRow>('entry', (it) => (it.entry_basis ? <BasisBadge basis={it.entry_basis} /> : null), {
    title: texts.columns.entry,
    width: '6.5rem',
    narrow: 'hide',
  }),
  column.number<AssetRow>('findings', (it) => it.findings, {
    title: texts.columns.findings,
    width: '6rem',
    isSortable: true,
    narrow: 'below',
  }),
  column.number<AssetRow>('paths', (it) => it.paths, { title: texts.columns.paths, width: '7rem', isSortable: true }),
  column.text<AssetRow>('last_seen', (it) => <Age at={it.last_seen} />, {
    title: texts.columns.lastSeen,
    width: '8rem',
    isSortable: true,
    startsDescending: true,
    narrow: 'below',
  }),
]

const criticalityChoices = criticalities.map((value) => ({ value, label: texts.criticalities[value] }))
const stateChoices = states.map((value) => ({ value, label: texts.states[value] }))

function AssetsPage({ view }: { view: AssetView }) {
  const [search, change] = useUrl(validateAssetsSearch)
  const query = useQuery(queries.assets({ view, ...search }))
  const { title, description } = texts[view]
  const isFiltered = Boolean(search.q || search.kind || search.criticality || search.boundary || search.state)
  const kinds = Object.entries(query.data?.by_kind ?? {}).map(([value, count]) => ({ value, label: value, count }))
  return (
    <Page title={title} description={description}>
      <Section title={title} isFlush isTitleHidden>
        <FilterBar
          found={query.data ? counted(query.data.total, ...texts.found) : undefined}
          onClear={
            isFiltered
              ? () => change({ q: undefined, kind: undefined, criticality: undefined, boundary: undefined, state: undefined })
              : undefined
          }
        >
          <FilterSearch label={texts.search} value={search.q} onChange={(q) => change({ q })} />
          <FilterMany
            label={texts.filters.kind}
            choices={kinds}
            chosen={search.kind}
            onChange={(kind) => change({ kind })}
          />
          <FilterMany
            label={texts.filters.criticality}
            choices={criticalityChoices}
            chosen={search.criticality}
            onChange={(criticality) => change({ criticality })}
          />
          <FilterMany
            label={texts.filters.state}
            choices={stateChoices}
            chosen={search.state}
            onChange={(state) => change({ state })}
          />
        </FilterBar>
        <DataTable
          label={title}
          columns={columns}
          query={query}
          keyOf={(it) => it.node_id}
          sort={search.sort}
          isFiltered={isFiltered}
          onChange={change}
          empty={
            <EmptyState
              icon={iconOfKind('')}
              title={texts.empty.title}
              actions={
                <ButtonLink to="/sources" appearance="primary">
                  {texts.empty.action}
                </ButtonLink>
              }
            >
              {texts.empty.hint}
            </EmptyState>
          }
        />
      </Section>
    </Page>
  )
}

export const DevicesPage = () => <AssetsPage view="devices" />
export const IdentitiesPage = () => <AssetsPage view="identities" />
export const CloudPage = () => <AssetsPage view="cloud" />
export const AllAssetsPage = () => <AssetsPage view="all" />
