// Everything about one step: what is done, why it can be done, how to see it and how to end it.

import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

import type { StepReport } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { GradeBadge, Label } from '@/components/Badges'
import { CopyText } from '@/components/Copy'
import { PlaceLink } from '@/components/PlaceLink'
import { AttackIds } from '@/pages/techniques/AttackIds'
import { TechniqueLink } from '@/pages/techniques/TechniqueLink'
import { useTechniques } from '@/pages/techniques/useTechniques'

import { Evidence } from './Evidence'
import { Remediations } from './Remediations'
import { unseenOf } from './sentences'
import { texts } from './texts'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL, minWidth: 0 },
  head: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
  title: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    margin: 0,
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: tokens.fontWeightSemibold,
  },
  ends: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    color: tokens.colorNeutralForeground2,
  },
  part: { margin: 0, fontSize: tokens.fontSizeBase300, lineHeight: tokens.lineHeightBase300, fontWeight: tokens.fontWeightSemibold },
  text: { margin: 0, maxWidth: '90ch', overflowWrap: 'anywhere' },
  hint: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, marginBottom: tokens.spacingVerticalXS },
  actions: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
})

function Part({ title, children }: { title: string; children: ReactNode }) {
  const styles = useStyles()
  return (
    <section aria-label={title}>
      <h4 className={styles.part}>{title}</h4>
      {children}
    </section>
  )
}

export function StepDetails({ step, index }: { step: StepReport; index: number }) {
  const styles = useStyles()
  const technique = useTechniques().get(step.technique)
  const unseen = unseenOf(step)
  return (
    <section className={styles.root} aria-label={texts.details}>
      <div className={styles.head}>
        <h3 className={styles.title}>
          <span>{texts.stepNumber(index)}:</span>
          <TechniqueLink id={step.technique} />
          {unseen.map((it) => (
            <Label key={it} look="dashed">
              {texts.assumed[it] ?? texts.fact[it]}
            </Label>
          ))}
        </h3>
        {unseen.map((it) => (
          <div key={it} className={styles.hint}>
            {texts.assumedWhy[it]}
          </div>
        ))}
        <div className={styles.ends}>
          <PlaceLink id={step.source} name={step.source_name} />
          <span>{step.label}</span>
          <PlaceLink id={step.target} name={step.target_name} />
        </div>
      </div>
      <div className={styles.actions}>
        <ButtonLink to="/what-if" search={{ edges: [step.id], run: true }} appearance="primary" size="small">
          {texts.whatIf.one}
        </ButtonLink>
        <AppLink to="/attack-paths" search={{ through: step.id }}>
          {texts.throughStep}
        </AppLink>
        <CopyText value={step.id} what={texts.stepId} />
      </div>
      <Part title={texts.what}>
        <p className={styles.text}>{step.explanation}</p>
      </Part>
      <Part title={texts.grade}>
        <GradeBadge grade={step.grade} />
        {technique ? <p className={styles.text}>{technique.grade_reason}</p> : null}
      </Part>
      <Part title={texts.evidence}>
        <div className={styles.hint}>{texts.evidenceHint(step.evidence.length)}</div>
        <Evidence step={step} />
      </Part>
      <Part title={texts.remediations}>
        <Remediations fixes={step.remediations} />
      </Part>
      <Part title={texts.detection}>
        <p className={styles.text}>{step.detection}</p>
      </Part>
      <Part title={texts.attack}>
        <AttackIds ids={step.attack} />
      </Part>
    </section>
  )
}
