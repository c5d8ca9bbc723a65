// What was looked at and what was not: without it, "no attack path" means nothing.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { CellReport, ConflictReport, CoverageReport, GapReport } from '@/api/types'
import { Age } from '@/components/Age'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { Label } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterOne } from '@/components/FilterBar'
import { CoverageIcon, DoneIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { capital } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { validateCoverageSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  techniques: { display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalS, whiteSpace: 'normal' },
  wrap: { whiteSpace: 'normal', overflowWrap: 'anywhere' },
  parts: {
    listStyleType: 'none',
    margin: 0,
    padding: `${tokens.spacingVerticalXS} 0`,
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalXS,
    whiteSpace: 'normal',
  },
  part: {
    padding: `0 ${tokens.spacingHorizontalSNudge}`,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
  },
  partial: {
    border: `${tokens.strokeWidthThin} solid ${tokens.colorPaletteMarigoldBorder2}`,
    backgroundColor: tokens.colorPaletteMarigoldBackground1,
  },
  numbers: { color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
})

function Techniques({ techniques }: { techniques: readonly string[] }) {
  const styles = useStyles()
  return (
    <span className={styles.techniques}>
      {techniques.map((it) => (
        <AppLink key={it} to="/techniques/$techniqueId" params={{ techniqueId: it }}>
          {it}
        </AppLink>
      ))}
    </span>
  )
}

function Wrapped({ children }: { children: React.ReactNode }) {
  return <span className={useStyles().wrap}>{children}</span>
}

const gapColumns = [
  column.text<GapReport>('where', (it) => it.boundary_name || texts.cover.everywhere, {
    title: texts.cover.gapColumns.where,
    width: '14rem',
    narrow: 'below',
  }),
  column.text<GapReport>('reason', (it) => <Wrapped>{capital(it.reason)}</Wrapped>, { title: texts.cover.gapColumns.reason }),
  column.text<GapReport>('techniques', (it) => <Techniques techniques={it.techniques} />, {
    title: texts.cover.gapColumns.techniques,
    narrow: 'below',
  }),
]

/** What was looked at of one class of objects. */
interface ClassRow {
  class: string
  cells: CellReport[]
}

function byClass(cells: readonly CellReport[]): ClassRow[] {
  const rows = new Map<string, CellReport[]>()
  for (const it of cells) rows.set(it.class, [...(rows.get(it.class) ?? []), it])
  return [...rows].map(([name, found]) => ({ class: name, cells: found }))
}

/** How many answered, of how many that are known; `undefined` where nobody counts. */
const answeredOf = ({ answered, total }: CellReport) =>
  typeof answered === 'number' && typeof total === 'number' ? { answered, total } : undefined

/** A part that did not answer everywhere, or not lately, stands out; the numbers always stand there. */
function Part({ cell, isOlder }: { cell: CellReport; isOlder: boolean }) {
  const styles = useStyles()
  const count = answeredOf(cell)
  const isPartial = count ? count.answered < count.total : !cell.is_whole
  return (
    <li className={mergeClasses(styles.part, (isPartial || cell.is_stale) && styles.partial)}>
      <span>{capital(cell.facet)}</span>{' '}
      <span className={styles.numbers}>
        {count ? texts.cover.answered(count.answered, count.total) : cell.is_whole ? texts.cover.whole : texts.cover.some}
      </span>
      {isOlder || cell.is_stale ? (
        <span className={styles.numbers}>
          , <Age at={cell.observed_at} />
        </span>
      ) : null}{' '}
      {cell.is_stale ? <Label look="medium">{texts.cover.stale}</Label> : null}
    </li>
  )
}

const newestOf = (row: ClassRow) => row.cells.reduce((newest, it) => (it.observed_at > newest ? it.observed_at : newest), '')

/** Parts that were looked at an hour or more before the newest one say so. */
const olderMs = 3_600_000

function Parts({ row }: { row: ClassRow }) {
  const styles = useStyles()
  const newest = Date.parse(newestOf(row))
  return (
    <ul className={styles.parts}>
      {row.cells.map((it) => (
        <Part key={it.facet} cell={it} isOlder={newest - Date.parse(it.observed_at) >= olderMs} />
      ))}
    </ul>
  )
}

const { columns: titles } = texts.cover

const classColumns = [
  column.text<ClassRow>('class', (it) => capital(it.class), { title: titles.class, width: '13rem' }),
  column.text<ClassRow>('parts', (it) => <Parts row={it} />, { title: titles.facet, narrow: 'below' }),
  column.text<ClassRow>('observed', (it) => <Age at={newestOf(it)} />, { title: titles.observed, width: '9rem' }),
]

const conflictColumns = [
  column.text<ConflictReport>('what', (it) => `${it.kind} ${it.value}`, { title: texts.cover.conflictColumns.what }),
  column.text<ConflictReport>(
    'objects',
    (it) => (
      <Wrapped>
        {it.ids.map((id) => (
          <AppLink key={id} to="/assets/$assetId" params={{ assetId: id }}>
            {id}{' '}
          </AppLink>
        ))}
      </Wrapped>
    ),
    { title: texts.cover.conflictColumns.objects, narrow: 'below' },
  ),
  column.text<ConflictReport>('reason', (it) => <Wrapped>{capital(it.reason)}</Wrapped>, {
    title: texts.cover.conflictColumns.reason,
    narrow: 'below',
  }),
]

export function CoveragePage() {
  const query = useQuery(queries.coverage())
  return (
    <Page
      title={texts.coverage.title}
      description={texts.coverage.description}
      crumbs={[{ title: texts.sources.title, to: '/sources' }]}
    >
      {query.isPending ? <PageLoading what={texts.coverage.title.toLowerCase()} /> : null}
      {query.error && !query.data ? <ProblemMessage error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data ? <Content report={query.data} /> : null}
    </Page>
  )
}

/** A table of rows that are all there. */
const whole = <Row,>(items: readonly Row[]) => ({
  data: { items },
  error: null,
  isPending: false,
  refetch: () => undefined,
})

function Content({ report }: { report: CoverageReport }) {
  const [search, change] = useUrl(validateCoverageSearch)
  const isChosen = (boundary: string) => !search.boundary || boundary === search.boundary
  const gaps = report.gaps.filter((it) => it.boundary === '' || isChosen(it.boundary))
  const boundaries = report.boundaries.filter((it) => isChosen(it.boundary))
  if (report.boundaries.length === 0) {
    return (
      <EmptyState
        icon={CoverageIcon}
        title={texts.cover.empty.title}
        actions={
          <ButtonLink to="/sources" appearance="primary">
            {texts.cover.empty.action}
          </ButtonLink>
        }
      >
        {texts.cover.empty.hint}
      </EmptyState>
    )
  }
  return (
    <>
      <FilterBar onClear={search.boundary ? () => change({ boundary: undefined }) : undefined}>
        <FilterOne
          label={texts.cover.boundary}
          choices={report.boundaries.map((it) => ({ value: it.boundary, label: it.name || it.boundary }))}
          chosen={search.boundary}
          onChange={(boundary) => change({ boundary })}
        />
      </FilterBar>
      <Section title={texts.cover.gaps} description={texts.cover.gapsDescription} isFlush>
        <DataTable
          label={texts.cover.gaps}
          columns={gapColumns}
          query={whole(gaps)}
          keyOf={(it) => `${it.boundary} ${it.input}`}
          isRowLinked={false}
          empty={<EmptyState icon={DoneIcon} title={texts.cover.noGaps} />}
        />
      </Section>
      {boundaries.map((it) => (
        <Section
          key={it.boundary}
          title={it.name || it.boundary}
          description={texts.cover.cellsDescription(report.stale_after_days)}
          isFlush
        >
          <DataTable
            label={`${texts.cover.cells}: ${it.name || it.boundary}`}
            columns={classColumns}
            query={whole(byClass(it.cells))}
            keyOf={(row) => row.class}
            isRowLinked={false}
            empty={<EmptyState title={texts.cover.empty.title} />}
          />
        </Section>
      ))}
      {report.conflicts.length > 0 ? (
        <Section title={texts.cover.conflicts} description={texts.cover.conflictsDescription} isFlush>
          <DataTable
            label={texts.cover.conflicts}
            columns={conflictColumns}
            query={whole(report.conflicts)}
            keyOf={(it) => `${it.kind} ${it.value}`}
            isRowLinked={false}
            empty={null}
          />
        </Section>
      ) : null}
    </>
  )
}
