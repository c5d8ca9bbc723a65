// Entry points that lie inside of a target: there is no path to draw.

import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { ExposedCriticalAsset } from '@/api/types'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { ShieldIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'

import { BasisSection, basesOf, type ViewProps } from './ByBasis'
import { texts } from './texts'

const columns = [
  column.text<ExposedCriticalAsset>('entry', (it) => <PlaceLink {...it.entry} />, { title: texts.columns.entry }),
  column.text<ExposedCriticalAsset>('target', (it) => <PlaceLink {...it.target} />, {
    title: texts.columns.target,
    narrow: 'below',
  }),
  column.text<ExposedCriticalAsset>('class', (it) => it.entry_class_title, {
    title: texts.columns.class,
    narrow: 'below',
  }),
  column.text<ExposedCriticalAsset>('reason', (it) => <span title={it.reason}>{it.reason}</span>, {
    title: texts.columns.reason,
    width: '40%',
    narrow: 'below',
  }),
]

export function ExposedView({ search }: ViewProps) {
  const query = useQuery(queries.exposedCriticalAssets())
  const all = query.data?.items
  if (!all || all.length === 0) {
    return (
      <Section title={texts.views.exposed} description={texts.exposedHint} isFlush>
        <DataTable
          label={texts.views.exposed}
          columns={columns}
          query={query}
          keyOf={(it) => it.entry.id}
          empty={
            <EmptyState icon={ShieldIcon} title={texts.exposedEmpty.title}>
              {texts.exposedEmpty.hint}
            </EmptyState>
          }
        />
      </Section>
    )
  }
  return (
    <>
      <p>{texts.exposedHint}</p>
      {basesOf(search)
        .map((basis) => ({ basis, rows: all.filter((it) => it.basis === basis) }))
        .filter(({ rows }) => rows.length > 0)
        .map(({ basis, rows }) => (
          <BasisSection key={basis} basis={basis} isEmpty={false}>
            <DataTable
              label={`${texts.views.exposed}: ${texts.bases[basis].title.toLowerCase()}`}
              columns={columns}
              query={{ ...query, data: { items: rows } }}
              keyOf={(it) => `${it.entry.id} ${it.target.id}`}
              empty={null}
            />
          </BasisSection>
        ))}
    </>
  )
}
