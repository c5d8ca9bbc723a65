// Files in, and what came of them.

import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { SourceRow } from '@/api/types'
import { Age } from '@/components/Age'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { Label } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { CoverageIcon, SourcesIcon } from '@/components/icons'
import { Page, Section } from '@/components/Page'
import { fileName, number, size } from '@/lib/format'

import { DropZone } from './DropZone'
import { RemoveSource } from './RemoveSource'
import { texts } from './texts'
import { Work } from './Work'

const { columns: titles } = texts.list

const columns = [
  column.text<SourceRow>(
    'name',
    (it) => (
      <>
        <AppLink to="/sources/$sourceId" params={{ sourceId: String(it.id) }} title={it.path}>
          {fileName(it.path)}
        </AppLink>{' '}
        {it.name ? <Label look="low">{it.name}</Label> : null}
      </>
    ),
    { title: titles.name },
  ),
  column.text<SourceRow>('formats', (it) => it.formats.join(', '), { title: titles.formats, width: '10rem', narrow: 'below' }),
  column.number<SourceRow>('files', (it) => it.files, { title: titles.files, width: '5rem', narrow: 'below' }),
  column.text<SourceRow>('size', (it) => size(it.size_bytes), { title: titles.size, width: '6rem', align: 'end', narrow: 'hide' }),
  column.text<SourceRow>('observed', (it) => <Age at={it.newest_observed_at} />, { title: titles.observed, width: '9rem' }),
  column.text<SourceRow>('imported', (it) => <Age at={it.last_imported_at} />, {
    title: titles.imported,
    width: '9rem',
    narrow: 'hide',
  }),
  column.text<SourceRow>(
    'rejects',
    (it) => {
      const rejected = it.rejected_rows + it.unread_files
      if (rejected === 0) return '0'
      return (
        <AppLink to="/sources/$sourceId" params={{ sourceId: String(it.id) }} hash="rejects">
          {number(rejected)}
        </AppLink>
      )
    },
    { title: titles.rejects, width: '6rem', align: 'end', narrow: 'below', isNamedBelow: true },
  ),
  column.text<SourceRow>('remove', (it) => <RemoveSource source={it} isSmall />, { title: '', width: '4rem', align: 'end' }),
]

const newestFirst = (a: SourceRow, b: SourceRow) => b.last_imported_at.localeCompare(a.last_imported_at) || b.id - a.id

export function SourcesPage() {
  const query = useQuery({
    ...queries.sources(),
    select: (page) => ({ ...page, items: page.items.toSorted(newestFirst) }),
  })
  return (
    <Page
      title={texts.sources.title}
      description={texts.sources.description}
      actions={
        <ButtonLink to="/coverage" icon={<CoverageIcon />}>
          {texts.coverage.title}
        </ButtonLink>
      }
    >
      <DropZone />
      <Work />
      <Section title={texts.list.title} isFlush>
        <DataTable
          label={texts.sources.title}
          columns={columns}
          query={query}
          keyOf={(it) => String(it.id)}
          empty={
            <EmptyState icon={SourcesIcon} title={texts.list.empty.title}>
              {texts.list.empty.hint}
            </EmptyState>
          }
        />
      </Section>
    </Page>
  )
}
