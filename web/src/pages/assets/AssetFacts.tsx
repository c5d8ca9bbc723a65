// What is known of an asset, who said so, and when; and whether its objects belong together.

import { Button, makeStyles, Text, tokens, Tooltip } from '@fluentui/react-components'
import { Fragment, useState, type ReactNode } from 'react'

import { useSetApart } from '@/api/mutations'
import { useMay } from '@/api/permission'
import type { AssetFact, AssetReport, OriginalObject, Told } from '@/api/types'
import { Age, Time } from '@/components/Age'
import { Copy } from '@/components/Copy'
import { EmptyState } from '@/components/EmptyState'
import { Section } from '@/components/Page'
import { toast } from '@/components/toasts'
import { capital } from '@/lib/format'
import { narrow } from '@/lib/useMedia'

import { texts } from './texts'

/** Files that are named beside a fact before somebody asks for all. */
const filesShown = 2

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
  quiet: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  more: { minWidth: 'auto', height: 'auto', padding: `0 ${tokens.spacingHorizontalXS}` },
  group: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    '&:not(:first-child)': {
      marginTop: tokens.spacingVerticalM,
      paddingTop: tokens.spacingVerticalM,
      borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    },
  },
  groupTitle: {
    margin: 0,
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: 'anywhere',
  },
})

interface AssetFactsProps {
  asset: AssetReport
  /** Something was decided about the asset, and will show with the next generation. */
  onDecided: () => void
  isShort?: boolean
}

export function AssetFacts({ asset, onDecided, isShort = false }: AssetFactsProps) {
  const styles = useStyles()
  return (
    <div className={styles.columns}>
      {asset.reasons.length > 0 || asset.entry_point || !isShort ? <Reasons asset={asset} /> : null}
      <Objects asset={asset} onDecided={onDecided} />
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

/** The original objects, why they are one asset, and the ways to take one out and to let it in again. */
function Objects({ asset, onDecided }: { asset: AssetReport; onDecided: () => void }) {
  const styles = useStyles()
  const isMerged = asset.original_objects.length > 1
  return (
    <Section title={texts.facts.objects} description={isMerged ? texts.facts.merged : undefined}>
      <ul className={styles.list}>
        {asset.original_objects.map((it) => (
          <li key={it.id} className={styles.row}>
            <span className={styles.words}>
              <span>
                {it.kind} {it.id} <Copy value={it.id} what={texts.facts.idOf(it.kind)} />
              </span>
              {isMerged ? (
                <Text size={200} className={styles.quiet}>
                  {capital(it.reason)}
                </Text>
              ) : null}
              <ToldBy told={it} />
              {it.set_apart ? (
                <Text size={200} className={styles.quiet}>
                  {texts.facts.setApart(it.set_apart.by)} <Age at={it.set_apart.at} />
                </Text>
              ) : null}
            </span>
            {it.set_apart || isMerged ? <SplitOrMerge object={it} onDecided={onDecided} /> : null}
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

function SplitOrMerge({ object, onDecided }: { object: OriginalObject; onDecided: () => void }) {
  const { may, why } = useMay('decide')
  const setApart = useSetApart()
  const apart = !object.set_apart
  const words = apart ? texts.facts.split : texts.facts.mergeAgain
  const decide = () => setApart.mutate({ id: object.id, apart }, { onSuccess: onDecided, onError: toast.failed })
  return (
    <Tooltip content={why ?? words.hint} relationship="description">
      <Button
        size="small"
        aria-label={`${words.title}: ${object.kind} ${object.id}`}
        disabledFocusable={!may || setApart.isPending}
        onClick={decide}
      >
        {words.title}
      </Button>
    </Tooltip>
  )
}

/** The files that tell something, at first a few of them, and how long ago they looked. */
function ToldBy({ told }: { told: Told }) {
  const styles = useStyles()
  const [isWhole, setIsWhole] = useState(false)
  const shown = isWhole ? told.files : told.files.slice(0, filesShown)
  const more = told.files.length - shown.length
  return (
    <Text size={200} className={styles.quiet}>
      {shown.map((it, at) => (
        <Fragment key={it}>
          {at > 0 ? ', ' : ''}
          <span title={it}>{fileName(it)}</span>
        </Fragment>
      ))}
      {more > 0 ? (
        <Button appearance="transparent" size="small" className={styles.more} onClick={() => setIsWhole(true)}>
          {texts.facts.moreFiles(more)}
        </Button>
      ) : null}{' '}
      (<Age at={told.observed_at} />)
    </Text>
  )
}

/** Without its folders and archive; the list of files has all of it. */
const fileName = (path: string) => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('!')) + 1)

function Identifiers({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  return (
    <Section title={texts.facts.identifiers}>
      <Facts>
        {asset.identifiers.map((it) => (
          <Fact key={`${it.kind} ${it.value}`} name={identifierName(it.kind)}>
            <span className={styles.words}>
              <span>
                {it.value} <Copy value={it.value} what={identifierName(it.kind)} />
              </span>
              <ToldBy told={it} />
            </span>
          </Fact>
        ))}
      </Facts>
    </Section>
  )
}

const identifierName = (kind: string) => texts.facts.identifierKinds[kind] ?? capital(kind.replaceAll('-', ' '))

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

/** Facts that the same files tell of the same object at the same time, the largest group first. */
export function groupFacts(facts: readonly AssetFact[]) {
  const groups = new Map<string, AssetFact[]>()
  for (const fact of facts) {
    const key = JSON.stringify([fact.object, fact.observed_at, fact.files])
    const group = groups.get(key)
    if (group) group.push(fact)
    else groups.set(key, [fact])
  }
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length)
}

function Properties({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  const groups = groupFacts(asset.facts)
  const kindOf = (id: string) => asset.original_objects.find((it) => it.id === id)?.kind ?? ''
  return (
    <Section title={texts.facts.properties} description={texts.facts.propertiesHint}>
      {groups.length === 0 ? <EmptyState title={texts.facts.noProperties} /> : null}
      {groups.map(([key, facts]) => {
        const [told] = facts
        if (!told) return null
        return (
          <section key={key} className={styles.group} aria-label={texts.facts.groupLabel(told.files)}>
            {asset.original_objects.length > 1 ? (
              <h3 className={styles.groupTitle}>
                {kindOf(told.object)} {told.object}
              </h3>
            ) : null}
            <ToldBy told={told} />
            <Facts>
              {facts.map((it) => (
                <Fact key={it.name} name={it.name}>
                  <FactValue name={it.name} value={it.value} />
                </Fact>
              ))}
            </Facts>
          </section>
        )
      })}
    </Section>
  )
}

/** Properties of directory objects that are seconds since 1970. */
const times = new Set(['lastlogon', 'lastlogontimestamp', 'pwdlastset', 'whencreated'])

/** As people write it: yes and no, times, one thing per line. */
function FactValue({ name, value }: { name: string; value: unknown }) {
  // Zero and less stand for a time that never was.
  if (times.has(name) && typeof value === 'number' && value > 0) {
    return <Time at={new Date(value * 1000).toISOString()} />
  }
  if (typeof value === 'boolean') return texts.facts.flag(value)
  if (value === null || value === '') return texts.facts.empty
  if (Array.isArray(value)) {
    if (value.length === 0) return texts.facts.empty
    return value.map((it: unknown, at) => (
      // eslint-disable-next-line react/no-array-index-key -- a list of values has no other key
      <Fragment key={at}>
        {at > 0 ? <br /> : null}
        {plain(it)}
      </Fragment>
    ))
  }
  return plain(value)
}

const plain = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

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
