import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import type { BlastRow } from '@/api/types'
import { AppLink } from '@/components/AppLink'
import { column, DataTable } from '@/components/DataTable'
import { EmptyState } from '@/components/EmptyState'
import { AttackPathIcon } from '@/components/icons'
import { KindIcon } from '@/components/KindIcon'
import { Section } from '@/components/Page'

import { texts } from './texts'

const columns = [
  column.text<BlastRow>(
    'start',
    ({ start }) => (
      <>
        <KindIcon kind={start.kind} />{' '}
        <AppLink to="/assets/$assetId/blast-radius" params={{ assetId: start.id }} title={start.name}>
          {start.name}
        </AppLink>
      </>
    ),
    { title: texts.blast.entry },
  ),
  column.number<BlastRow>('targets', (it) => it.targets, { title: texts.blast.targets, width: '10rem' }),
  column.number<BlastRow>('assets', (it) => it.assets, { title: texts.blast.assets, width: '10rem' }),
]

export function WidestBlastRadius() {
  const query = useQuery(queries.widestBlastRadius())
  return (
    <Section title={texts.blast.widest} description={texts.blast.widestHint} isFlush>
      <DataTable
        label={texts.blast.widest}
        columns={columns}
        query={query}
        keyOf={(it) => it.start.id}
        empty={
          <EmptyState icon={AttackPathIcon} title={texts.blast.noneTitle}>
            {texts.blast.noneHint}
          </EmptyState>
        }
      />
    </Section>
  )
}
