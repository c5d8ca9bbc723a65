// Why a step is there: each reason with the very facts it rests on.

import { Link, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'

import type { DerivationReport, FactReport } from '@/api/types'
import { Age } from '@/components/Age'
import { Label } from '@/components/Badges'
import { Copy } from '@/components/Copy'
import { FileName } from '@/components/FileName'

import { texts } from './texts'

/** As many files as one reads; the rest is counted. */
const filesShown = 3

const useStyles = makeStyles({
  reasons: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, listStyleType: 'none', margin: 0, padding: 0 },
  reason: {
    borderLeft: `3px solid ${tokens.colorNeutralStroke1}`,
    paddingLeft: tokens.spacingHorizontalM,
  },
  head: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase300 },
  facts: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS, listStyleType: 'none', margin: 0, padding: 0 },
  words: { overflowWrap: 'anywhere' },
  source: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalSNudge,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    overflowWrap: 'anywhere',
  },
})

const keyOf = (fact: FactReport) => `${fact.id ?? ''} ${fact.text}`

export function Evidence({ reasons }: { reasons: readonly DerivationReport[] }) {
  const styles = useStyles()
  return (
    <ol className={styles.reasons} aria-label={texts.evidence}>
      {reasons.map((reason, index) => (
        <li key={reason.facts.map(keyOf).join(' ')} className={styles.reason}>
          <div className={styles.head}>
            {texts.reason(index + 1, reasons.length)}, {texts.reasonCost(reason.cost)}
          </div>
          <ul className={styles.facts}>
            {reason.facts.map((fact) => (
              <Fact key={keyOf(fact)} fact={fact} />
            ))}
          </ul>
        </li>
      ))}
    </ol>
  )
}

/** What nobody saw looks different from what a file says. */
const unseen = new Set(['setting', 'default', 'assumption'])

function Fact({ fact }: { fact: FactReport }) {
  const styles = useStyles()
  const files = fact.files ?? []
  const hint = texts.factHint[fact.fact]
  return (
    <li>
      <div className={styles.words}>{fact.text}.</div>
      <div className={styles.source}>
        <Label look={unseen.has(fact.fact) ? 'dashed' : 'quiet'} {...(hint ? { hint } : {})}>
          {texts.fact[fact.fact]}
        </Label>
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
