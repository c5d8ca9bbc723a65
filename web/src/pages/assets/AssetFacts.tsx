// What is known of an asset, who said so, and when; and whether its objects belong together.

import { Button, makeStyles, Text, tokens, Tooltip } from '@fluentui/react-components'
import type { ReactNode } from 'react'

import { useSetApart } from '@/api/mutations'
import { useMay } from '@/api/permission'
import type { AssetReport } from '@/api/types'
import { Age, Time } from '@/components/Age'
import { Copy } from '@/components/Copy'
import { EmptyState } from '@/components/EmptyState'
import { Section } from '@/components/Page'
import { toast } from '@/components/toasts'
import { capital } from '@/lib/format'
import { narrow } from '@/lib/useMedia'

import { texts } from './texts'

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)',
    alignItems: 'start',
    gap: tokens.spacingHorizontalL,
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'minmax(120px, 1fr) minmax(0, 2fr)',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
  },
  name: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  value: { margin: 0, overflowWrap: 'anywhere' },
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    '> li': { padding: `${tokens.spacingVerticalSNudge} 0`, overflowWrap: 'anywhere' },
    '> li:not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  },
  row: { display: 'flex', alignItems: 'center', justifyContent: 'space-between', columnGap: tokens.spacingHorizontalM },
  words: { display: 'flex', flexDirection: 'column', minWidth: 0 },
  quiet: { color: tokens.colorNeutralForeground2 },
})

export function AssetFacts({ asset, isShort = false }: { asset: AssetReport; isShort?: boolean }) {
  const styles = useStyles()
  return (
    <div className={styles.columns}>
      {asset.reasons.length > 0 || asset.entry_point || !isShort ? <Reasons asset={asset} /> : null}
      <Objects asset={asset} />
      <Identifiers asset={asset} />
      <Sources asset={asset} />
      {isShort ? null : <Properties asset={asset} />}
      {asset.services.length > 0 ? <Services asset={asset} /> : null}
    </div>
  )
}

function Reasons({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  return (
    <Section title={texts.facts.reasons}>
      {asset.reasons.length === 0 && !asset.entry_point ? <Text>{texts.facts.noReasons}</Text> : null}
      <ul className={styles.list}>
        {asset.entry_point ? <li>{texts.facts.entry(asset.entry_point)}</li> : null}
        {asset.reasons.map((it) => (
          <li key={`${it.rule} ${it.text}`}>
            {capital(it.text)}{' '}
            <Text size={200} className={styles.quiet}>
              {it.rule === 'decision' ? texts.facts.byHand : texts.facts.rule(it.rule)}
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** The original objects, why they are one asset, and the way to take one out. */
function Objects({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  const { may, why } = useMay('decide')
  const setApart = useSetApart()
  const isMerged = asset.original_objects.length > 1
  const split = (id: string) =>
    setApart.mutate(
      { id, apart: true },
      { onSuccess: () => toast.done(texts.facts.splitPending(id)), onError: toast.failed },
    )
  return (
    <Section title={texts.facts.objects} description={isMerged ? texts.facts.merged : undefined}>
      <ul className={styles.list}>
        {asset.original_objects.map((it) => (
          <li key={it.id} className={styles.row}>
            <span className={styles.words}>
              <span>
                {it.kind} {it.id}
              </span>
              <Text size={200} className={styles.quiet}>
                {capital(it.reason)}
              </Text>
            </span>
            {isMerged ? (
              <Tooltip content={why ?? texts.facts.splitHint} relationship="description">
                <Button size="small" disabledFocusable={!may || setApart.isPending} onClick={() => split(it.id)}>
                  {texts.facts.split}
                </Button>
              </Tooltip>
            ) : null}
          </li>
        ))}
      </ul>
      {asset.conflicts.map((it) => (
        <Text key={`${it.kind} ${it.value}`} block size={200}>
          {texts.facts.conflict(it.kind, it.value)} {capital(it.reason)}
        </Text>
      ))}
    </Section>
  )
}

function Identifiers({ asset }: { asset: AssetReport }) {
  return (
    <Section title={texts.facts.identifiers}>
      <Facts>
        {asset.identifiers.map((it) => (
          <Fact key={`${it.kind} ${it.value}`} name={it.kind}>
            {it.value} <Copy value={it.value} what={it.kind} />
          </Fact>
        ))}
      </Facts>
    </Section>
  )
}

/** Who says all this, and how old it is. */
function Sources({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  return (
    <Section title={texts.facts.sources} description={texts.facts.sourcesHint}>
      <Facts>
        <Fact name={texts.facts.first}>
          <Time at={asset.first_seen} />
        </Fact>
        <Fact name={texts.facts.last}>
          <Time at={asset.last_seen} /> (<Age at={asset.last_seen} />)
        </Fact>
        <Fact name={texts.facts.lookedAt}>{asset.looked_at.length > 0 ? asset.looked_at.join(', ') : texts.facts.nothing}</Fact>
      </Facts>
      <ul className={styles.list}>
        {asset.files.map((it) => (
          <li key={it}>{it}</li>
        ))}
      </ul>
    </Section>
  )
}

function Properties({ asset }: { asset: AssetReport }) {
  const entries = Object.entries(asset.properties).toSorted(([a], [b]) => a.localeCompare(b))
  return (
    <Section title={texts.facts.properties} description={texts.facts.propertiesHint}>
      {entries.length === 0 ? (
        <EmptyState title={texts.facts.noProperties} />
      ) : (
        <Facts>
          {entries.map(([name, value]) => (
            <Fact key={name} name={name}>
              {typeof value === 'string' ? value : JSON.stringify(value)}
            </Fact>
          ))}
        </Facts>
      )}
    </Section>
  )
}

function Services({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  return (
    <Section title={texts.facts.services}>
      <ul className={styles.list}>
        {asset.services.map((it) => (
          <li key={it}>{it}</li>
        ))}
      </ul>
    </Section>
  )
}

const Facts = ({ children }: { children: ReactNode }) => <dl className={useStyles().facts}>{children}</dl>

function Fact({ name, children }: { name: string; children: ReactNode }) {
  const styles = useStyles()
  return (
    <>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </>
  )
}
