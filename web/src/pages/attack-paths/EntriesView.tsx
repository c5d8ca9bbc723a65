// Where an attacker can begin, and how far each entry leads.

import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { Basis, EntryRow } from '@/api/types'
import { AppLink } from '@/components/AppLink'
import { GradeBadge, Label } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterMany, FilterSearch } from '@/components/FilterBar'
import { AttackPathIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { capital, counted, number } from '@/lib/format'

import { BasisSection, basesOf, groupRows, NothingObserved, type ViewProps } from './ByBasis'
import { bases, unfiltered } from './search'
import { texts } from './texts'

const columns = [
  column.text<EntryRow>('name', (it) => <PlaceLink id={it.id} name={it.name} kind={it.kind} />, {
    title: texts.columns.entry,
    isSortable: true,
  }),
  column.text<EntryRow>('class', (it) => <span title={it.class_title}>{it.class_title}</span>, {
    title: texts.columns.class,
    width: '20rem',
    isSortable: true,
    narrow: 'below',
  }),
  column.text<EntryRow>('grade', (it) => (it.basis === 'assumed' ? texts.notEstimated : <GradeBadge grade={it.grade} />), {
    title: texts.columns.grade,
    width: '8.5rem',
    isSortable: true,
    narrow: 'below',
  }),
  column.text<EntryRow>('foothold', (it) => texts.heldAs[it.foothold], {
    title: texts.columns.foothold,
    width: '9rem',
    narrow: 'hide',
  }),
  column.text<EntryRow>(
    'paths',
    (it) =>
      it.is_exposed_critical ? (
        <AppLink to="/attack-paths" search={{ view: 'exposed' }}>
          <Label look="critical">{texts.exposedBadge}</Label>
        </AppLink>
      ) : it.paths > 0 ? (
        <AppLink to="/attack-paths" search={{ entry: it.id }}>
          {number(it.paths)}
        </AppLink>
      ) : (
        '0'
      ),
    { title: texts.columns.paths, width: '7rem', align: 'end', isSortable: true, startsDescending: true },
  ),
  column.number<EntryRow>('targets', (it) => it.targets, {
    title: texts.columns.targets,
    isSortable: true,
    narrow: 'below',
  }),
]

const basisChoices = bases.map((value) => ({ value, label: capital(value) }))

export function EntriesView({ search, change }: ViewProps) {
  const shown = basesOf(search)
  const isFiltered = Boolean(search.q || search.basis)
  return (
    <>
      <Section title={texts.views.entries} isFlush>
        <FilterBar
          onClear={isFiltered ? () => change({ ...unfiltered, view: 'entries', sort: search.sort }) : undefined}
        >
          <FilterSearch label={texts.search} value={search.q} onChange={(q) => change({ q })} />
          <FilterMany
            label={texts.filters.basis}
            choices={basisChoices}
            chosen={search.basis}
            onChange={(basis) => change({ basis })}
          />
        </FilterBar>
      </Section>
      {search.basis ? null : <NothingObserved />}
      {shown.map((basis) => (
        <Group key={basis} basis={basis} isAlone={shown.length === 1} search={search} change={change} />
      ))}
    </>
  )
}

function Group({ basis, isAlone, search, change }: ViewProps & { basis: Basis; isAlone: boolean }) {
  const { q, sort, offset, limit } = search
  const page = isAlone ? { offset, limit } : { limit: groupRows }
  const query = useQuery(queries.entryPoints({ q, sort, basis: [basis], ...page }))
  const total = query.data?.total
  return (
    <BasisSection
      basis={basis}
      isEmpty={total === 0 && !isAlone}
      found={total === undefined ? undefined : counted(total, ...texts.found.entries)}
      isFiltered={Boolean(q)}
      all={
        !isAlone && total !== undefined && total > groupRows
          ? {
              text: texts.all(total, `${basis} ${texts.found.entries[1]}`),
              search: { view: 'entries', basis: [basis], ...(q ? { q } : {}), ...(sort ? { sort } : {}) },
            }
          : undefined
      }
    >
      <DataTable
        label={`${texts.views.entries}: ${texts.bases[basis].title.toLowerCase()}`}
        columns={columns}
        query={isAlone ? query : { ...query, data: query.data && { items: query.data.items } }}
        keyOf={(it) => it.id}
        sort={sort}
        isFiltered={Boolean(q)}
        onChange={change}
        empty={
          <EmptyState icon={AttackPathIcon} title={texts.entriesEmpty.title}>
            {texts.entriesEmpty.hint}
          </EmptyState>
        }
      />
    </BasisSection>
  )
}
