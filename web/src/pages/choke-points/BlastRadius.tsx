// How far an attacker gets from one place. Stands on its own page, and wherever an asset is shown.

import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { queries } from '@/api/queries'
import type { AssetList } from '@/api/types'
import { PageLoading, Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { ProblemMessage } from '@/components/ProblemMessage'
import { Stat, Stats } from '@/components/Stat'
import { number } from '@/lib/format'

import { KindBars } from './KindBars'
import { texts } from './texts'

/** As many names as are read, and then as many as the server gives at once. */
const namesFirst = 50
const namesMax = 500

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  list: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(220px, 100%), 1fr))',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
    listStyleType: 'none',
    margin: 0,
    padding: 0,
  },
  body: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  note: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
  },
})

export function BlastRadius({ assetId }: { assetId: string }) {
  const styles = useStyles()
  const [limit, setLimit] = useState(namesFirst)
  const query = useQuery({ ...queries.blastRadius(assetId, limit), placeholderData: keepPreviousData })
  if (query.error) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  const blast = query.data
  if (!blast) return <PageLoading what={texts.blast.short.toLowerCase()} />
  const more = limit < namesMax ? () => setLimit(namesMax) : undefined
  return (
    <div className={styles.root}>
      <Stats>
        <Stat
          title={texts.blast.targets}
          value={blast.targets.length}
          of={blast.targets_total}
          tone={blast.targets.length > 0 ? 'bad' : 'good'}
        />
        <Stat title={texts.blast.assets} value={blast.assets.total} />
        <Stat title={texts.blast.behind} value={blast.assets_behind.total} />
        <Stat title={texts.blast.steps} value={blast.steps} />
      </Stats>
      <Section title={texts.blast.targets}>
        {blast.targets.length === 0 ? (
          texts.blast.noTargets
        ) : (
          <ul className={styles.list} aria-label={texts.blast.targets}>
            {blast.targets.map((it) => (
              <li key={it.id}>
                <PlaceLink {...it} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Assets title={texts.blast.assets} hint={texts.blast.assetsHint} list={blast.assets} onMore={more} />
      {blast.assets_behind.total > 0 ? (
        <Assets title={texts.blast.behind} hint={texts.blast.behindHint} list={blast.assets_behind} onMore={more} />
      ) : null}
    </div>
  )
}

function Assets({
  title,
  hint,
  list,
  onMore,
}: {
  title: string
  hint: string
  list: AssetList
  onMore: (() => void) | undefined
}) {
  const styles = useStyles()
  return (
    <Section title={`${title}: ${number(list.total)}`} description={hint}>
      {list.total === 0 ? (
        texts.blast.noAssets
      ) : (
        <div className={styles.body}>
          <KindBars byKind={list.by_kind} />
          <ul className={styles.list} aria-label={`${title}: ${texts.blast.names.toLowerCase()}`}>
            {list.listed.map((it) => (
              <li key={it.id}>
                <PlaceLink {...it} />
              </li>
            ))}
          </ul>
          {list.truncated ? (
            <div className={styles.note}>
              {texts.blast.truncated(list.listed.length, list.total)}
              {onMore ? (
                <Button size="small" onClick={onMore}>
                  {texts.blast.more}
                </Button>
              ) : null}
            </div>
          ) : null}
        </div>
      )}
    </Section>
  )
}
