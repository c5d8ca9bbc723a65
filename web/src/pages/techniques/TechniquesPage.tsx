// The catalog of techniques, by family. It is small: filtering and sorting happen here.

import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { TechniqueRow } from '@/api/types'
import { AppLink } from '@/components/AppLink'
import { GradeBadge } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterOne, FilterSearch } from '@/components/FilterBar'
import { SearchIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { capital, counted } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { familiesOf, matches } from './families'
import { validateTechniquesSearch } from './search'
import { texts } from './texts'

const columns = [
  column.text<TechniqueRow>(
    'title',
    (it) => (
      <AppLink to="/techniques/$techniqueId" params={{ techniqueId: it.id }} title={it.id}>
        {it.title}
      </AppLink>
    ),
    { title: texts.columns.title, isSortable: true },
  ),
  column.text<TechniqueRow>('grade', (it) => <GradeBadge grade={it.grade} />, {
    title: texts.columns.grade,
    width: '9rem',
    isSortable: true,
  }),
  column.text<TechniqueRow>('foothold', (it) => capital(`${texts.held(it.needs)} → ${texts.held(it.gives)}`), {
    title: texts.columns.foothold,
    width: '18rem',
    narrow: 'below',
  }),
  column.text<TechniqueRow>('attack', (it) => <span title={it.attack.join(', ')}>{it.attack.join(', ')}</span>, {
    title: texts.columns.attack,
    width: '16rem',
    narrow: 'below',
  }),
  column.number<TechniqueRow>('steps', (it) => it.steps, { title: texts.columns.steps, isSortable: true }),
]

const familyName = (family: string) => texts.families[family] ?? capital(family)

export function TechniquesPage() {
  const [search, change] = useUrl(validateTechniquesSearch)
  const query = useQuery(queries.techniques())
  const all = query.data?.items ?? []
  const found = all.filter((it) => matches(it, search))
  const isFiltered = Boolean(search.q || search.family)
  const choices = familiesOf(all, undefined).map(({ family, rows }) => ({
    value: family,
    label: familyName(family),
    count: rows.length,
  }))
  return (
    <Page title={texts.techniques.title} description={texts.techniques.description}>
      <Section title={texts.techniques.title} isFlush>
        <FilterBar
          found={query.data ? counted(found.length, ...texts.found) : undefined}
          onClear={isFiltered ? () => change({ q: undefined, family: undefined }) : undefined}
        >
          <FilterSearch label={texts.search} value={search.q} onChange={(q) => change({ q })} />
          <FilterOne
            label={texts.family}
            choices={choices}
            chosen={search.family}
            onChange={(family) => change({ family })}
          />
        </FilterBar>
        {query.isPending ? <PageLoading what={texts.techniques.title.toLowerCase()} /> : null}
        {query.error ? <ProblemMessage error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.data && found.length === 0 ? (
          <EmptyState icon={SearchIcon} title={texts.noMatch}>
            {texts.noMatchHint}
          </EmptyState>
        ) : null}
      </Section>
      {familiesOf(found, search.sort).map(({ family, rows }) => (
        <Section key={family} title={familyName(family)} isFlush>
          <DataTable
            label={`${texts.techniques.title}: ${familyName(family).toLowerCase()}`}
            columns={columns}
            query={{ ...query, data: { items: rows } }}
            keyOf={(it) => it.id}
            sort={search.sort}
            onChange={({ sort }) => change({ sort })}
            empty={null}
          />
        </Section>
      ))}
    </Page>
  )
}
