import { Button, makeStyles, MessageBar, MessageBarBody, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { useMay } from '@/api/permission'
import { queries } from '@/api/queries'
import type { AuditCheck, AuditEntry } from '@/api/types'
import { Time } from '@/components/Age'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { FilterBar, FilterSearch } from '@/components/FilterBar'
import { LockIcon, ShieldIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { counted } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { validateSettingsSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  detail: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'normal',
    overflowWrap: 'anywhere',
  },
})

function Detail({ entry }: { entry: AuditEntry }) {
  const styles = useStyles()
  const parts = Object.entries(entry.detail).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return <span className={styles.detail}>{parts.join(', ')}</span>
}

const { columns: titles } = texts.audit

const columns = [
  column.text<AuditEntry>('at', (it) => <Time at={it.at} />, { title: titles.at, width: '13rem', narrow: 'below' }),
  column.text<AuditEntry>('actor', (it) => it.actor, { title: titles.actor, width: '10rem', narrow: 'below' }),
  column.text<AuditEntry>('verb', (it) => it.verb, { title: titles.verb, width: '13rem' }),
  column.text<AuditEntry>('detail', (it) => <Detail entry={it} />, { title: titles.detail }),
]

export function Audit() {
  const { may } = useMay('read-audit')
  const [search, change] = useUrl(validateSettingsSearch)
  const { actor, verb, offset, limit } = search
  const query = useQuery({ ...queries.audit({ actor, verb, offset, limit }), enabled: may })
  const check = useQuery({ ...queries.auditCheck(), enabled: false })
  if (!may) return <EmptyState icon={LockIcon} title={texts.needs} />
  const isFiltered = Boolean(actor || verb)
  return (
    <>
      {check.data ? <Checked check={check.data} /> : null}
      {check.error ? <ProblemMessage error={check.error} onRetry={() => void check.refetch()} /> : null}
      <Section
        title={texts.audit.title}
        description={texts.audit.description}
        isFlush
        actions={
          <Button icon={<ShieldIcon />} disabled={check.isFetching} onClick={() => void check.refetch()}>
            {texts.audit.check}
          </Button>
        }
      >
        <FilterBar
          found={query.data ? counted(query.data.total, ...texts.audit.found) : undefined}
          onClear={isFiltered ? () => change({ actor: undefined, verb: undefined }) : undefined}
        >
          <FilterSearch label={texts.audit.actor} value={actor} onChange={(next) => change({ actor: next })} />
          <FilterSearch label={texts.audit.verb} value={verb} onChange={(next) => change({ verb: next })} />
        </FilterBar>
        <DataTable
          label={texts.audit.title}
          columns={columns}
          query={query}
          keyOf={(it) => String(it.seq)}
          isFiltered={isFiltered}
          isRowLinked={false}
          onChange={change}
          empty={<EmptyState title={texts.audit.empty} />}
        />
      </Section>
    </>
  )
}

function Checked({ check }: { check: AuditCheck }) {
  return (
    <MessageBar intent={check.is_intact ? 'success' : 'error'}>
      <MessageBarBody>
        {check.is_intact ? texts.audit.intact(check.entries) : texts.audit.broken(check.first_broken ?? 0)}
      </MessageBarBody>
    </MessageBar>
  )
}
