// What must not be lost, and from how many places it is reached.

import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { TargetRow } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { Label } from '@/components/Badges'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { TargetIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { capital, counted, number } from '@/lib/format'

import { Found, type ViewProps } from './ByBasis'
import { texts } from './texts'

const columns = [
  column.text<TargetRow>('name', (it) => <PlaceLink id={it.id} name={it.name} kind={it.kind} />, {
    title: texts.columns.target,
    isSortable: true,
  }),
  column.text<TargetRow>(
    'class',
    (it) => <Label look={it.class === 'high' ? 'high' : 'critical'}>{texts.classes[it.class] ?? it.class}</Label>,
    { title: texts.columns.class, width: '9rem', isSortable: true, narrow: 'below' },
  ),
  column.text<TargetRow>('reason', (it) => <span title={it.reason}>{capital(it.reason)}</span>, {
    title: texts.columns.reason,
    width: '34%',
    narrow: 'below',
  }),
  column.number<TargetRow>('members', (it) => it.members, {
    title: texts.columns.members,
    isSortable: true,
    narrow: 'below',
  }),
  column.number<TargetRow>('entries', (it) => it.entries, {
    title: texts.columns.entries,
    width: '8rem',
    isSortable: true,
    narrow: 'below',
  }),
  column.text<TargetRow>(
    'paths',
    (it) =>
      it.paths > 0 ? (
        <AppLink to="/attack-paths" search={{ target: it.id }}>
          {number(it.paths)}
        </AppLink>
      ) : (
        '0'
      ),
    { title: texts.columns.paths, width: '7rem', align: 'end', isSortable: true, startsDescending: true },
  ),
]

export function TargetsView({ search, change }: ViewProps) {
  const { sort, offset, limit } = search
  const query = useQuery(queries.targets({ sort, offset, limit }))
  return (
    <Section
      title={texts.views.targets}
      actions={<Found>{query.data ? counted(query.data.total, ...texts.found.targets) : undefined}</Found>}
      isFlush
    >
      <DataTable
        label={texts.views.targets}
        columns={columns}
        query={query}
        keyOf={(it) => it.id}
        sort={sort}
        onChange={change}
        empty={
          <EmptyState
            icon={TargetIcon}
            title={texts.targetsEmpty.title}
            actions={<ButtonLink to="/assets">{texts.targetsEmpty.action}</ButtonLink>}
          >
            {texts.targetsEmpty.hint}
          </EmptyState>
        }
      />
    </Section>
  )
}
