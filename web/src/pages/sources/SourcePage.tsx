// One source: its files, and every row that could not be read.

import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'

import { queries } from '@/api/queries'
import type { SourceFile, SourceReject } from '@/api/types'
import { Age, Time } from '@/components/Age'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { DoneIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { size } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { nameOf, RemoveSource } from './RemoveSource'
import { validateSourceSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  facts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(200px, 1fr))',
    gap: tokens.spacingHorizontalL,
    margin: 0,
  },
  name: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  value: { margin: 0, overflowWrap: 'anywhere' },
})

const { columns: titles } = texts.file

const fileColumns = [
  column.text<SourceFile>('path', (it) => <span title={it.path}>{it.path}</span>, { title: titles.path }),
  column.text<SourceFile>('format', (it) => it.format, { title: titles.format, width: '8rem', narrow: 'below' }),
  column.text<SourceFile>(
    'observed',
    (it) => (
      <span title={texts.file.observedFrom[it.observed_from]}>
        <Age at={it.observed_at} />
      </span>
    ),
    { title: titles.observed, width: '9rem', narrow: 'below' },
  ),
  column.text<SourceFile>('size', (it) => size(it.size_bytes), { title: titles.size, width: '6rem', align: 'end', narrow: 'hide' }),
  column.number<SourceFile>('objects', (it) => it.objects, { title: titles.objects, narrow: 'below' }),
  column.number<SourceFile>('relations', (it) => it.relations, { title: titles.relations, narrow: 'below' }),
  column.number<SourceFile>('findings', (it) => it.findings, { title: titles.findings, narrow: 'hide' }),
  column.number<SourceFile>('rejects', (it) => it.rejected_rows, { title: titles.rejects, width: '6rem' }),
]

const rejectColumns = [
  column.text<SourceReject>('file', (it) => <span title={it.file}>{it.file}</span>, {
    title: texts.rejects.columns.file,
    narrow: 'below',
  }),
  column.text<SourceReject>('position', (it) => it.position || texts.jobs.wholeFile, {
    title: texts.rejects.columns.position,
    width: '16rem',
    narrow: 'below',
  }),
  column.text<SourceReject>('reason', (it) => <span title={it.reason}>{it.reason}</span>, {
    title: texts.rejects.columns.reason,
  }),
]

export function SourcePage() {
  const styles = useStyles()
  const { sourceId } = useParams({ from: '/app/sources/$sourceId' })
  const [search, change] = useUrl(validateSourceSearch)
  const navigate = useNavigate()
  const source = useQuery(queries.source(sourceId))
  const rejects = useQuery(queries.rejects(sourceId, search))
  const crumbs = [{ title: texts.sources.title, to: '/sources' }]
  const found = source.data
  return (
    <Page
      title={found ? nameOf(found) : texts.source.title}
      description={texts.source.description}
      crumbs={crumbs}
      actions={found ? <RemoveSource source={found} onRemoved={() => void navigate({ to: '/sources' })} /> : undefined}
    >
      {source.isPending ? <PageLoading what={texts.source.title.toLowerCase()} /> : null}
      {source.error && !found ? <ProblemMessage error={source.error} onRetry={() => void source.refetch()} /> : null}
      {found ? (
        <>
          <Section title={texts.source.title} isTitleHidden>
            <dl className={styles.facts}>
              <Fact name={texts.facts.path}>{found.path}</Fact>
              <Fact name={texts.facts.imported}>
                <Time at={found.imported_at} />
              </Fact>
              <Fact name={texts.facts.last}>
                <Time at={found.last_imported_at} />
              </Fact>
              <Fact name={texts.facts.size}>{size(found.size_bytes)}</Fact>
            </dl>
          </Section>
          <Section title={texts.file.title} isFlush>
            <DataTable
              label={texts.file.title}
              columns={fileColumns}
              query={{ ...source, data: { items: found.files } }}
              keyOf={(it) => it.path}
              isRowLinked={false}
              empty={<EmptyState title={texts.file.empty} />}
            />
          </Section>
          <div id="rejects">
            <Section title={texts.rejects.title} description={texts.rejects.description} isFlush>
              <DataTable
                label={texts.rejects.title}
                columns={rejectColumns}
                query={rejects}
                keyOf={(it) => `${it.file} ${it.position} ${it.reason}`}
                isRowLinked={false}
                onChange={change}
                empty={<EmptyState icon={DoneIcon} title={texts.rejects.empty} />}
              />
            </Section>
          </div>
        </>
      ) : null}
    </Page>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  const styles = useStyles()
  return (
    <div>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  )
}
