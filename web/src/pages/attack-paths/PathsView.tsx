// The paths themselves, by filters that stand in the address.

import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { Basis, PathRow } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { GradeBadge, RiskBadge, StatusBadge } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterMany, FilterOne, FilterSearch } from '@/components/FilterBar'
import { AttackPathIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { capital, counted } from '@/lib/format'
import { PlaceSearch } from '@/pages/what-if/PlaceSearch'
import { useTechniques } from '@/pages/techniques/useTechniques'

import { basesOf, BasisSection, groupRows, NothingObserved, type ViewProps } from './ByBasis'
import { Chip, FilterChip } from './FilterChip'
import { bases, risks, statuses, unfiltered, type AttackPathsSearch } from './search'
import { texts } from './texts'

/** More targets than a menu can show are found by the search box. */
const targetChoicesMax = 200

const useStyles = makeStyles({
  name: { display: 'inline-block', padding: `${tokens.spacingVerticalXS} 0` },
  chips: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `0 ${tokens.spacingHorizontalL} ${tokens.spacingVerticalS}`,
  },
})

const columns = [
  column.text<PathRow>(
    'entry',
    (it) => <PathName path={it} />,
    { title: texts.columns.path, isSortable: true },
  ),
  column.text<PathRow>('risk', (it) => <RiskBadge risk={it.risk} />, {
    title: texts.columns.risk,
    width: '6rem',
    isSortable: true,
  }),
  column.text<PathRow>('techniques', (it) => <Techniques ids={it.techniques} />, {
    title: texts.columns.techniques,
    width: '18rem',
    narrow: 'below',
  }),
  column.text<PathRow>('cost', (it) => <GradeBadge grade={it.grade} />, {
    title: texts.columns.grade,
    width: '8.5rem',
    isSortable: true,
    narrow: 'below',
  }),
  column.number<PathRow>('hops', (it) => it.hops, {
    title: texts.columns.hops,
    width: '5.5rem',
    isSortable: true,
    startsDescending: false,
    narrow: 'below',
  }),
  column.text<PathRow>('status', (it) => <StatusBadge status={it.status} />, {
    title: texts.columns.status,
    width: '7.5rem',
    isSortable: true,
  }),
]

function PathName({ path }: { path: PathRow }) {
  const styles = useStyles()
  return (
    <AppLink
      to="/attack-paths/$pathId"
      params={{ pathId: path.id }}
      className={styles.name}
      title={`${path.entry_name} → ${path.target_name}`}
    >
      {path.entry_name}
      <br />→ {path.target_name}
    </AppLink>
  )
}

function Techniques({ ids }: { ids: readonly string[] }) {
  const techniques = useTechniques()
  const words = ids.map((it) => techniques.get(it)?.title ?? it).join(', ')
  return <span title={words}>{words}</span>
}

const choices = <Value extends string>(values: readonly Value[], label: (value: Value) => string) =>
  values.map((value) => ({ value, label: label(value) }))

const riskChoices = choices(risks, capital)
const statusChoices = choices(statuses, capital)
const basisChoices = choices(bases, capital)

export function PathsView({ search, change }: ViewProps) {
  const scenarios = useQuery(queries.scenarios())
  // All entries of a scenario have one basis.
  const only = scenarios.data?.items.find((it) => it.id === search.scenario)?.basis
  const shown = basesOf(search).filter((it) => only === undefined || it === only)
  const { view: _, offset: __, limit: ___, sort: ____, ...filters } = search
  const isFiltered = Object.values(filters).some((it) => it !== undefined)
  return (
    <>
      <Section title={texts.views.paths} isFlush>
        <Filters search={search} change={change} isFiltered={isFiltered} />
      </Section>
      {search.basis ? null : <NothingObserved />}
      {shown.map((basis) => (
        <Group
          key={basis}
          basis={basis}
          isAlone={shown.length === 1}
          isFiltered={isFiltered}
          search={search}
          change={change}
        />
      ))}
    </>
  )
}

function Filters({ search, change, isFiltered }: ViewProps & { isFiltered: boolean }) {
  const styles = useStyles()
  const techniques = useTechniques()
  const scenarios = useQuery(queries.scenarios())
  const targets = useQuery(queries.targets({ limit: targetChoicesMax }))
  const techniqueChoices = [...techniques.values()]
    .filter((it) => it.steps > 0 || it.id === search.technique)
    .map((it) => ({ value: it.id, label: it.title, count: it.steps }))
  const scenarioChoices = (scenarios.data?.items ?? []).map((it) => ({ value: it.id, label: it.title, count: it.paths }))
  const targetChoices = (targets.data?.items ?? [])
    .filter((it) => it.paths > 0 || it.id === search.target)
    .map((it) => ({ value: it.id, label: it.name, count: it.paths }))
  return (
    <>
      <FilterBar onClear={isFiltered ? () => change({ ...unfiltered, view: 'paths', sort: search.sort }) : undefined}>
        <FilterSearch label={texts.search} value={search.q} onChange={(q) => change({ q, view: 'paths' })} />
        <FilterMany
          label={texts.filters.risk}
          choices={riskChoices}
          chosen={search.risk}
          onChange={(risk) => change({ risk, view: 'paths' })}
        />
        <FilterMany
          label={texts.filters.status}
          choices={statusChoices}
          chosen={search.status}
          onChange={(status) => change({ status, view: 'paths' })}
        />
        <FilterMany
          label={texts.filters.basis}
          choices={basisChoices}
          chosen={search.basis}
          onChange={(basis) => change({ basis, view: 'paths' })}
        />
        <FilterOne
          label={texts.filters.technique}
          choices={techniqueChoices}
          chosen={search.technique}
          onChange={(technique) => change({ technique, view: 'paths' })}
        />
        {search.scenario ? null : (
          <FilterOne
            label={texts.filters.scenario}
            choices={scenarioChoices}
            chosen={search.scenario}
            onChange={(scenario) => change({ scenario, view: 'paths' })}
          />
        )}
        <FilterOne
          label={texts.filters.target}
          choices={targetChoices}
          chosen={search.target}
          onChange={(target) => change({ target, view: 'paths' })}
        />
        <PlaceSearch
          label={texts.filters.throughSearch}
          size="small"
          kind="asset"
          onChoose={(hit) => change({ through: hit.id, view: 'paths' })}
        />
      </FilterBar>
      {search.scenario || search.entry || search.through ? (
        <div className={styles.chips}>
          {search.scenario ? (
            <Chip
              label={texts.filters.scenario}
              name={scenarioChoices.find((it) => it.value === search.scenario)?.label ?? search.scenario}
              onRemove={() => change({ scenario: undefined, view: 'paths' })}
            />
          ) : null}
          {search.entry ? (
            <FilterChip
              label={texts.filters.entry}
              id={search.entry}
              onRemove={() => change({ entry: undefined, view: 'paths' })}
            />
          ) : null}
          {search.through ? (
            <FilterChip
              label={texts.filters.through}
              id={search.through}
              onRemove={() => change({ through: undefined, view: 'paths' })}
            />
          ) : null}
        </div>
      ) : null}
    </>
  )
}

function Group({
  basis,
  isAlone,
  isFiltered,
  search,
  change,
}: ViewProps & { basis: Basis; isAlone: boolean; isFiltered: boolean }) {
  const { view: _, offset, limit, ...filters } = search
  const page = isAlone ? { offset, limit } : { limit: groupRows }
  const query = useQuery(queries.paths({ ...filters, basis: [basis], ...page }))
  const total = query.data?.total
  const title = texts.bases[basis].title
  const one: AttackPathsSearch = { ...filters, view: 'paths', basis: [basis] }
  return (
    <BasisSection
      basis={basis}
      isEmpty={total === 0 && !isAlone}
      found={total === undefined ? undefined : counted(total, ...texts.found.paths)}
      isFiltered={isFiltered}
      all={
        !isAlone && total !== undefined && total > groupRows
          ? { text: texts.all(total, `${basis} ${texts.found.paths[1]}`), search: one }
          : undefined
      }
    >
      <DataTable
        label={`${texts.views.paths}: ${title.toLowerCase()}`}
        columns={columns}
        query={isAlone ? query : { ...query, data: query.data && { items: query.data.items } }}
        keyOf={(it) => it.id}
        sort={search.sort}
        isFiltered={isFiltered}
        onChange={change}
        empty={
          <EmptyState
            icon={AttackPathIcon}
            title={texts.empty.title}
            actions={<ButtonLink to="/coverage">{texts.empty.action}</ButtonLink>}
          >
            {texts.empty.hint}
          </EmptyState>
        }
      />
    </BasisSection>
  )
}
