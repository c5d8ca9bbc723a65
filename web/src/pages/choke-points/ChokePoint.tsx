import { Button, makeStyles, tokens } from '@fluentui/react-components'

import type { ChangeReport, ChokePointReport } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { PlaceLink } from '@/components/PlaceLink'
import { ChevronDownIcon, ChevronRightIcon } from '@/components/icons'
import { number } from '@/lib/format'
import { narrow } from '@/lib/useMedia'
import { whoAndEffort } from '@/pages/attack-paths/Remediations'
import { TechniqueLink } from '@/pages/techniques/TechniqueLink'
import { useTechniques } from '@/pages/techniques/useTechniques'

import { texts } from './texts'

const useStyles = makeStyles({
  item: {
    display: 'grid',
    gridTemplateColumns: '28px minmax(0, 1fr) auto',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    [narrow]: { gridTemplateColumns: '28px minmax(0, 1fr)' },
  },
  rank: { color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums', textAlign: 'right' },
  what: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS, minWidth: 0 },
  names: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: 'anywhere',
  },
  quiet: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase300 },
  numbers: {
    display: 'flex',
    columnGap: tokens.spacingHorizontalXL,
    margin: 0,
    textAlign: 'right',
    [narrow]: { gridColumn: '2', textAlign: 'left' },
  },
  term: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  value: {
    margin: 0,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
  changes: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS, listStyleType: 'none', margin: 0, padding: 0 },
  change: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    justifyContent: 'space-between',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  words: { flex: '1 1 320px', minWidth: 0, overflowWrap: 'anywhere' },
  fix: { fontWeight: tokens.fontWeightSemibold },
  steps: { margin: 0, paddingLeft: '20px' },
  more: { alignSelf: 'flex-start' },
})

/** A choke point has no id of its own: it is called by the first of what it is. */
export const keyOf = (point: ChokePointReport) => point.assets[0]?.id ?? point.changes[0]?.steps[0]?.id ?? point.name

/** What has to go for a change: the asset's steps, or the one. */
export const edgesOf = (change: ChangeReport) => change.steps.map((it) => it.id)

export function ChokePoint({
  point,
  rank,
  isOpen,
  onOpen,
}: {
  point: ChokePointReport
  rank: number
  isOpen: boolean
  onOpen: () => void
}) {
  const styles = useStyles()
  const { assets, changes } = point
  const shown = isOpen ? changes : changes.slice(0, 1)
  return (
    <li className={styles.item}>
      <span className={styles.rank}>{rank}</span>
      <div className={styles.what}>
        <div className={styles.names}>
          {assets.length > 0
            ? assets.map((it) => <PlaceLink key={it.id} {...it} />)
            : changes[0]?.steps.map((it) => (
                <span key={it.id}>
                  <TechniqueLink id={it.technique} />: <PlaceLink id={it.source} name={it.source_name} /> →{' '}
                  <PlaceLink id={it.target} name={it.target_name} />
                </span>
              ))}
        </div>
        <div className={styles.quiet}>{texts.severs(point.targets_severed, point.entries_severed)}</div>
        <div className={styles.quiet}>{isOpen && changes.length > 1 ? texts.anyOne : texts.cheapest}</div>
        <ul className={styles.changes} aria-label={texts.changesOf(point.name)}>
          {shown.map((it) => (
            <Change key={edgesOf(it).join(' ')} change={it} />
          ))}
        </ul>
        {changes.length > 1 ? (
          <Button
            appearance="subtle"
            size="small"
            className={styles.more}
            icon={isOpen ? <ChevronDownIcon /> : <ChevronRightIcon />}
            aria-expanded={isOpen}
            onClick={onOpen}
          >
            {isOpen ? texts.fewer : texts.others(changes.length)}
          </Button>
        ) : null}
      </div>
      <dl className={styles.numbers}>
        <Count term={texts.columns.targets} value={point.targets_severed} />
        <Count term={texts.columns.entries} value={point.entries_severed} />
        <div>
          <dt className={styles.term}>{texts.columns.paths}</dt>
          <dd className={styles.value}>
            <AppLink to="/attack-paths" search={{ through: keyOf(point) }}>
              {number(point.paths_through)}
            </AppLink>
          </dd>
        </div>
      </dl>
    </li>
  )
}

function Count({ term, value }: { term: string; value: number }) {
  const styles = useStyles()
  return (
    <div>
      <dt className={styles.term}>{term}</dt>
      <dd className={styles.value}>{number(value)}</dd>
    </div>
  )
}

function Change({ change }: { change: ChangeReport }) {
  const styles = useStyles()
  const techniques = useTechniques()
  const stepName = (it: ChangeReport['steps'][number]) =>
    texts.stepName(techniques.get(it.technique)?.title ?? it.technique, it.source_name, it.target_name)
  const [first] = change.steps
  const title =
    change.extent === 'step' || !change.asset
      ? first
        ? stepName(first)
        : ''
      : texts.extent[change.extent](change.asset.name, change.steps.length)
  const fix = first?.remediations[0]
  const isSingle = change.steps.length === 1
  return (
    <li className={styles.change}>
      <div className={styles.words}>
        {isSingle && fix ? <div className={styles.fix}>{fix.title}</div> : <div className={styles.fix}>{title}</div>}
        {isSingle ? (
          <>
            <div>{title}</div>
            {fix ? <div className={styles.quiet}>{whoAndEffort(fix)}</div> : null}
          </>
        ) : (
          <>
            <ul className={styles.steps}>
              {change.steps.map((it) => {
                const cheapest = it.remediations[0]
                return (
                  <li key={it.id}>
                    {stepName(it)}
                    <div className={styles.quiet}>
                      {cheapest ? `${cheapest.title}: ${whoAndEffort(cheapest)}` : texts.noFix}
                    </div>
                  </li>
                )
              })}
            </ul>
            <div className={styles.quiet}>{texts.effort(change.cost)}</div>
          </>
        )}
      </div>
      <ButtonLink
        to="/what-if"
        search={{ edges: edgesOf(change), run: true }}
        size="small"
        aria-label={texts.whatIfOf(title)}
      >
        {texts.whatIf}
      </ButtonLink>
    </li>
  )
}
