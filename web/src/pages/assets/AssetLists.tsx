// The lists of one asset: edges in and out, findings, attack paths through it.

import { Dropdown, makeStyles, Option, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { AssetReport, EdgeRow, FindingRow, PathRow } from '@/api/types'
import { Age } from '@/components/Age'
import { AppLink } from '@/components/AppLink'
import { BasisBadge, GradeBadge, Label, RiskBadge, StatusBadge } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterOne } from '@/components/FilterBar'
import { Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { capital, counted } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { validateAssetSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  select: { minWidth: '180px' },
  wrap: { whiteSpace: 'normal', overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

const { columns: edgeTitles } = texts.edges

const edgeColumns = [
  column.text<EdgeRow>('other', (it) => <PlaceLink {...it.other} />, { title: edgeTitles.other }),
  column.text<EdgeRow>(
    'direction',
    (it) => texts.edges.directions[it.direction],
    { title: edgeTitles.direction, width: '5rem', narrow: 'below' },
  ),
  column.text<EdgeRow>(
    'technique',
    (it) =>
      it.is_step ? (
        <AppLink to="/techniques/$techniqueId" params={{ techniqueId: it.technique }}>
          {it.technique}
        </AppLink>
      ) : (
        it.technique
      ),
    { title: edgeTitles.technique, width: '13rem', narrow: 'below' },
  ),
  column.text<EdgeRow>('grade', (it) => (it.grade ? <GradeBadge grade={it.grade} /> : <Label look="low">{texts.edges.noStep}</Label>), {
    title: edgeTitles.grade,
    width: '9rem',
    narrow: 'below',
  }),
  column.text<EdgeRow>('text', (it) => <span title={it.text}>{it.text}</span>, { title: edgeTitles.why, narrow: 'hide' }),
  column.text<EdgeRow>(
    'observed_at',
    (it) => (
      <span title={it.files.join('\n')}>
        <Age at={it.observed_at} />
      </span>
    ),
    { title: edgeTitles.observed, width: '9rem' },
  ),
]

export function AssetEdges({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  const [search, change] = useUrl(validateAssetSearch)
  const { direction, kind = 'step', technique, sort, offset, limit } = search
  const query = useQuery(queries.assetEdges(asset.id, { direction, kind, technique, sort, offset, limit }))
  const techniques = Object.entries(query.data?.by_technique ?? {}).map(([value, count]) => ({ value, label: value, count }))
  const isFiltered = Boolean(direction || technique)
  return (
    <Section title={texts.tabs.edges} description={texts.edges.description} isFlush>
      <FilterBar
        found={query.data ? counted(query.data.total, ...texts.edges.found) : undefined}
        onClear={isFiltered ? () => change({ direction: undefined, technique: undefined }) : undefined}
      >
        <Dropdown
          size="small"
          className={styles.select}
          aria-label={texts.edges.kind}
          value={texts.edges.kinds[kind]}
          selectedOptions={[kind]}
          onOptionSelect={(_, data) =>
            change({ kind: data.optionValue === 'reported' ? 'reported' : undefined, technique: undefined })
          }
        >
          {(['step', 'reported'] as const).map((it) => (
            <Option key={it} value={it}>
              {texts.edges.kinds[it]}
            </Option>
          ))}
        </Dropdown>
        <FilterOne
          label={texts.edges.direction}
          choices={(['in', 'out'] as const).map((value) => ({ value, label: texts.edges.directions[value] }))}
          chosen={direction}
          onChange={(next) => change({ direction: next })}
        />
        <FilterOne
          label={edgeTitles.technique}
          choices={techniques}
          chosen={technique}
          onChange={(next) => change({ technique: next })}
        />
      </FilterBar>
      <DataTable
        label={texts.tabs.edges}
        columns={edgeColumns}
        query={query}
        keyOf={(it) => `${it.direction} ${it.id}`}
        sort={sort}
        isFiltered={isFiltered}
        onChange={change}
        empty={<EmptyState title={texts.edges.none}>{texts.edges.noneHint}</EmptyState>}
      />
    </Section>
  )
}

const { columns: findingTitles } = texts.findings

const findingColumns = [
  column.text<FindingRow>(
    'title',
    (it) => <span title={it.title}>{it.title}</span>,
    { title: findingTitles.title },
  ),
  column.text<FindingRow>('severity', (it) => capital(it.severity), { title: findingTitles.severity, width: '7rem', isSortable: true }),
  column.text<FindingRow>('cvss_score', (it) => it.cvss_score?.toFixed(1) ?? texts.findings.noScore, {
    title: findingTitles.cvss,
    width: '5rem',
    align: 'end',
    narrow: 'below',
    isNamedBelow: true,
  }),
  column.text<FindingRow>(
    'exploit',
    (it) => (
      <>
        {it.is_kev ? <Label look="critical">{texts.findings.kev}</Label> : null}{' '}
        {it.is_exploitable ? <Label look="high">{texts.findings.exploitable}</Label> : null}
      </>
    ),
    { title: findingTitles.exploit, width: '14rem', narrow: 'below' },
  ),
  column.text<FindingRow>('locator', (it) => it.locator, { title: findingTitles.locator, width: '6rem', narrow: 'below' }),
  column.text<FindingRow>('cves', (it) => <span title={it.cves.join(', ')}>{it.cves.join(', ')}</span>, {
    title: findingTitles.cves,
    width: '11rem',
    narrow: 'hide',
  }),
  column.text<FindingRow>(
    'last_seen',
    (it) => (
      <span title={it.files.join('\n')}>
        <Age at={it.last_seen} />
      </span>
    ),
    { title: findingTitles.lastSeen, width: '9rem', narrow: 'below' },
  ),
]

export function AssetFindings({ asset }: { asset: AssetReport }) {
  const [search, change] = useUrl(validateAssetSearch)
  const { sort, offset, limit } = search
  const query = useQuery(queries.assetFindings(asset.id, { sort, offset, limit }))
  return (
    <Section title={texts.tabs.findings} description={texts.findings.description} isFlush>
      <DataTable
        label={texts.tabs.findings}
        columns={findingColumns}
        query={query}
        keyOf={(it) => it.id}
        sort={sort}
        isRowLinked={false}
        onChange={change}
        empty={<EmptyState title={texts.findings.none}>{texts.findings.noneHint}</EmptyState>}
      />
    </Section>
  )
}

const { columns: pathTitles } = texts.paths

const pathColumns = [
  column.text<PathRow>(
    'entry',
    (it) => (
      <AppLink to="/attack-paths/$pathId" params={{ pathId: it.id }}>
        {it.entry_name} → {it.target_name}
      </AppLink>
    ),
    { title: pathTitles.path },
  ),
  column.text<PathRow>('risk', (it) => <RiskBadge risk={it.risk} />, { title: pathTitles.risk, width: '7rem', isSortable: true }),
  column.text<PathRow>('basis', (it) => <BasisBadge basis={it.basis} />, { title: pathTitles.basis, width: '8rem', narrow: 'below' }),
  column.text<PathRow>('grade', (it) => <GradeBadge grade={it.grade} />, { title: pathTitles.grade, width: '9rem', narrow: 'below' }),
  column.number<PathRow>('hops', (it) => it.hops, { title: pathTitles.hops, width: '5rem', isSortable: true, narrow: 'below' }),
  column.text<PathRow>('status', (it) => <StatusBadge status={it.status} />, { title: pathTitles.status, width: '8rem', narrow: 'below' }),
]

export function AssetPaths({ asset }: { asset: AssetReport }) {
  const [search, change] = useUrl(validateAssetSearch)
  const { sort, offset, limit } = search
  const query = useQuery(queries.paths({ through: asset.id, sort, offset, limit }))
  return (
    <Section title={texts.tabs.paths} description={texts.paths.description} isFlush>
      <DataTable
        label={texts.tabs.paths}
        columns={pathColumns}
        query={query}
        keyOf={(it) => it.id}
        sort={sort}
        onChange={change}
        empty={<EmptyState title={texts.paths.none}>{texts.paths.noneHint}</EmptyState>}
      />
    </Section>
  )
}
