// One technique: what it is, how sure, how to see it, how to close it.

import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { isProblem } from '@/api/problem'
import { queries } from '@/api/queries'
import type { TechniqueRow } from '@/api/types'
import { ButtonLink } from '@/components/AppLink'
import { GradeBadge } from '@/components/Badges'
import { CopyText } from '@/components/Copy'
import { EmptyState } from '@/components/EmptyState'
import { SearchIcon } from '@/components/icons'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { capital } from '@/lib/format'
import { narrow } from '@/lib/useMedia'

import { AttackIds } from './AttackIds'
import { Explained } from './Explained'
import { texts } from './texts'

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 2fr) minmax(0, 1fr)',
    alignItems: 'start',
    gap: tokens.spacingHorizontalL,
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  column: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL, minWidth: 0 },
  text: { margin: 0, maxWidth: '90ch', overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase300 },
  list: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, margin: 0, paddingLeft: '20px' },
  inputs: { margin: 0, paddingLeft: '20px' },
  facts: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, margin: 0 },
  term: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  value: { margin: 0 },
})

const crumbs = [{ title: texts.techniques.title, to: '/techniques' }]

export function TechniquePage() {
  const { techniqueId } = useParams({ from: '/app/techniques/$techniqueId' })
  const query = useQuery(queries.technique(techniqueId))
  if (query.data) return <Found technique={query.data} />
  return (
    <Page title={texts.technique.title} description={texts.technique.description} crumbs={crumbs}>
      {isProblem(query.error, 404) ? (
        <EmptyState
          icon={SearchIcon}
          title={texts.unknown(techniqueId)}
          actions={
            <ButtonLink to="/techniques" appearance="primary">
              {texts.toList}
            </ButtonLink>
          }
        >
          {texts.unknownHint}
        </EmptyState>
      ) : query.error ? (
        <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <PageLoading what={texts.technique.title.toLowerCase()} />
      )}
    </Page>
  )
}

function Found({ technique }: { technique: TechniqueRow }) {
  const styles = useStyles()
  const { remediations, no_remediation: none, inputs } = technique
  return (
    <Page
      title={technique.title}
      description={texts.technique.description}
      crumbs={crumbs}
      actions={
        <>
          <ButtonLink to="/attack-paths" search={{ technique: technique.id }} appearance="primary">
            {texts.paths}
          </ButtonLink>
          <ButtonLink to="/what-if" search={{ techniques: [technique.id], run: true }}>
            {texts.whatIf}
          </ButtonLink>
        </>
      }
    >
      <div className={styles.columns}>
        <div className={styles.column}>
          <Section title={texts.what}>
            <p className={styles.text}>
              <Explained text={technique.explanation} />
            </p>
          </Section>
          <Section title={texts.grade} description={texts.gradeHint}>
            <GradeBadge grade={technique.grade} />
            <p className={styles.text}>{technique.grade_reason}</p>
          </Section>
          <Section title={texts.remediations}>
            {remediations.length === 0 ? (
              <p className={styles.text}>{none ?? texts.noRemediations}</p>
            ) : (
              <ol className={styles.list} aria-label={texts.remediations}>
                {remediations.map((it) => (
                  <li key={it.id}>
                    <Text weight="semibold">{it.title}</Text>
                    <div className={styles.text}>
                      <Explained text={it.text} />
                    </div>
                    <div className={styles.quiet}>
                      {capital(it.owner)}, {texts.cost(it.cost).toLowerCase()}
                    </div>
                  </li>
                ))}
              </ol>
            )}
          </Section>
          <Section title={texts.detection}>
            <p className={styles.text}>
              <Explained text={technique.detection} />
            </p>
          </Section>
        </div>
        <div className={styles.column}>
          <Section title={texts.columns.steps}>
            <dl className={styles.facts}>
              <Fact term={texts.stepsHint}>
                {texts.steps(technique.steps)}
              </Fact>
              <Fact term={texts.foothold.before}>{texts.heldBefore(technique.needs)}</Fact>
              <Fact term={texts.foothold.after}>{texts.heldAfter(technique.gives)}</Fact>
              <Fact term={texts.attack}>
                <AttackIds ids={technique.attack} />
              </Fact>
              <Fact term={texts.label}>{technique.label}</Fact>
              <Fact term={texts.id}>
                <CopyText value={technique.id} what={texts.id.toLowerCase()} />
              </Fact>
            </dl>
          </Section>
          <Section title={texts.inputs} description={texts.inputsHint}>
            {inputs.length === 0 ? (
              texts.noInputs
            ) : (
              <ul className={styles.inputs} aria-label={texts.inputs}>
                {inputs.map((it) => (
                  <li key={it}>{it}</li>
                ))}
              </ul>
            )}
          </Section>
        </div>
      </div>
    </Page>
  )
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  const styles = useStyles()
  return (
    <div>
      <dt className={styles.term}>{capital(term)}</dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  )
}
