// Why a step is there: each reason with the very facts it rests on, in a figure and in words.

import { Button, Link, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useId, useMemo, useState } from 'react'

import type { DerivationReport, FactReport, StepReport } from '@/api/types'
import { Age } from '@/components/Age'
import { Label } from '@/components/Badges'
import { Copy } from '@/components/Copy'
import { FileName } from '@/components/FileName'
import { ChevronDownIcon, ChevronRightIcon } from '@/components/icons'
import { PlaceLink } from '@/components/PlaceLink'

import { compositionOf, distinction } from './composition'
import { CompositionFigure } from './CompositionFigure'
import { isUnseen, wordsOf } from './sentences'
import { texts } from './texts'

/** As many files as one reads; the rest is counted. */
const filesShown = 3
/** As many names as tell one reason from another; the rest is counted. */
const namesShown = 3

const useStyles = makeStyles({
  reasons: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, listStyleType: 'none', margin: 0, padding: 0 },
  reason: {
    borderLeft: `3px solid ${tokens.colorNeutralStroke1}`,
    paddingLeft: tokens.spacingHorizontalM,
    minWidth: 0,
  },
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, minWidth: 0 },
  head: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase300 },
  toggle: {
    justifyContent: 'flex-start',
    maxWidth: '100%',
    padding: `0 ${tokens.spacingHorizontalXS} 0 0`,
    color: tokens.colorNeutralForeground2,
    fontWeight: tokens.fontWeightRegular,
    textAlign: 'left',
    overflowWrap: 'anywhere',
  },
  facts: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS, listStyleType: 'none', margin: 0, padding: 0 },
  unseen: {
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalS}`,
    border: `${tokens.strokeWidthThin} dashed ${tokens.colorNeutralStrokeAccessible}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  // As high as links are.
  words: { lineHeight: '24px', overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
  source: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalSNudge,
    minHeight: '28px',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    // Room to press the buttons in it, which are smaller than links.
    lineHeight: '24px',
    overflowWrap: 'anywhere',
  },
})

const keyOf = (fact: FactReport) => `${fact.id ?? ''} ${fact.text}`

export function Evidence({ step }: { step: StepReport }) {
  const styles = useStyles()
  const reasons = step.evidence
  return (
    <ol className={styles.reasons} aria-label={texts.evidence}>
      {reasons.map((reason, index) => (
        <li key={reason.facts.map(keyOf).join(' ')} className={styles.reason}>
          <Reason step={step} reason={reason} index={index} />
        </li>
      ))}
    </ol>
  )
}

/** The first is open; where there are more, they are opened one by one. */
function Reason({ step, reason, index }: { step: StepReport; reason: DerivationReport; index: number }) {
  const styles = useStyles()
  const id = useId()
  const [isOpen, setIsOpen] = useState(index === 0)
  const reasons = step.evidence
  const names = useMemo(() => distinction(reasons, index), [reasons, index])
  const head = texts.reasonHead(index + 1, reasons.length, reason.cost, names.slice(0, namesShown), names.length)
  return (
    <>
      {reasons.length > 1 ? (
        <Button
          appearance="transparent"
          size="small"
          className={styles.toggle}
          icon={isOpen ? <ChevronDownIcon /> : <ChevronRightIcon />}
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          onClick={() => setIsOpen(!isOpen)}
        >
          {head}
        </Button>
      ) : (
        <div className={styles.head}>{head}</div>
      )}
      {isOpen ? (
        <div id={id} className={styles.content}>
          <Figure step={step} reason={reason} index={index} />
          <ul className={styles.facts} aria-label={texts.factsOf(index + 1, reasons.length)}>
            {reason.facts.map((fact) => (
              <Fact key={keyOf(fact)} fact={fact} />
            ))}
          </ul>
        </div>
      ) : null}
    </>
  )
}

function Figure({ step, reason, index }: { step: StepReport; reason: DerivationReport; index: number }) {
  const composition = useMemo(() => compositionOf(step, reason), [step, reason])
  if (!composition) return null
  const relations = reason.facts.filter((it) => it.relation).length
  const label = texts.composition.figure(
    texts.reason(index + 1, step.evidence.length),
    step.source_name,
    step.target_name,
    composition.assets.length,
    relations,
  )
  return <CompositionFigure composition={composition} label={label} />
}

function Fact({ fact }: { fact: FactReport }) {
  const styles = useStyles()
  const files = fact.files ?? []
  const hint = texts.factHint[fact.fact]
  const isAssumed = isUnseen(fact)
  const because = fact.relation?.because
  return (
    <li className={mergeClasses(isAssumed && styles.unseen)}>
      <div className={styles.words}>
        {wordsOf(fact).map(({ at, text, asset }) =>
          asset ? <PlaceLink key={at} id={asset.id} name={asset.name} isWrapped /> : <span key={at}>{text}</span>,
        )}
        .
      </div>
      {because ? <div className={mergeClasses(styles.words, styles.quiet)}>{texts.because(because)}</div> : null}
      <div className={styles.source}>
        <Label look={isAssumed ? 'dashed' : 'quiet'} {...(hint && !isAssumed ? { hint } : {})}>
          {because ? texts.concluded : texts.fact[fact.fact]}
        </Label>
        {hint && isAssumed ? <span>{hint}</span> : null}
        {fact.relation ? <span>{fact.relation.kind}</span> : null}
        {fact.id ? (
          <Copy value={fact.id} what={fact.fact === 'finding' ? texts.findingId : texts.relationId} />
        ) : null}
        {fact.observed_at ? (
          <span>
            {texts.seen} <Age at={fact.observed_at} />
          </span>
        ) : null}
        {files.length > 0 ? <Files files={files} /> : null}
      </div>
    </li>
  )
}

function Files({ files }: { files: readonly string[] }) {
  const [isOpen, setIsOpen] = useState(false)
  const more = files.length - filesShown
  return (
    <>
      {texts.inFiles}
      {(isOpen ? files : files.slice(0, filesShown)).map((file) => (
        <FileName key={file} path={file} />
      ))}
      {more > 0 && !isOpen ? (
        <Link as="button" onClick={() => setIsOpen(true)}>
          {texts.moreFiles(more)}
        </Link>
      ) : null}
    </>
  )
}
