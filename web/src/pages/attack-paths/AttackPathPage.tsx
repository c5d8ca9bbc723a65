// One attack path: the route, its steps with their evidence, and what it would take to cut it.

import { Button, Checkbox, makeStyles, mergeClasses, Skeleton, SkeletonItem, tokens, Tooltip } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { isProblem } from '@/api/problem'
import { queries } from '@/api/queries'
import type { PathReport, StepReport } from '@/api/types'
import { AppLink, ButtonLink } from '@/components/AppLink'
import { BasisBadge, GradeBadge, RiskBadge, StatusBadge } from '@/components/Badges'
import { CopyText } from '@/components/Copy'
import { Page, Section } from '@/components/Page'
import { PlaceLink } from '@/components/PlaceLink'
import { ProblemMessage } from '@/components/ProblemMessage'
import { capital, number } from '@/lib/format'
import { useUrl } from '@/lib/search'
import { narrow, useIsNarrow } from '@/lib/useMedia'
import { useTechniques } from '@/pages/techniques/useTechniques'

import { whoAndEffort } from './Remediations'
import { routeOf, shownStep } from './route'
import { RouteFigure } from './RouteFigure'
import { validateAttackPathSearch } from './search'
import { unseenOf } from './sentences'
import { StepDetails } from './StepDetails'
import { texts } from './texts'

const useStyles = makeStyles({
  badges: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(380px, 100%), 1fr))',
    columnGap: tokens.spacingHorizontalXXL,
    rowGap: tokens.spacingVerticalM,
    margin: 0,
  },
  term: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  value: { margin: 0, overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(260px, 1fr) minmax(0, 3fr)',
    columnGap: tokens.spacingHorizontalXXL,
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  steps: { listStyleType: 'none', margin: 0, padding: 0, minWidth: 0 },
  step: {
    display: 'flex',
    alignItems: 'flex-start',
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  stepOn: { backgroundColor: tokens.colorBrandBackground2 },
  open: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minWidth: 0,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalS} ${tokens.spacingVerticalS} 0`,
    border: 'none',
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    textAlign: 'left',
    overflowWrap: 'anywhere',
    cursor: 'pointer',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  technique: { fontWeight: tokens.fontWeightSemibold },
  ends: { fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  inline: { padding: `${tokens.spacingVerticalM} 0 ${tokens.spacingVerticalL}` },
  ticked: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
  skeleton: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
})

const crumbs = [{ title: texts.crumbs, to: '/attack-paths' }]

export function AttackPathPage() {
  const styles = useStyles()
  const { pathId } = useParams({ from: '/app/attack-paths/$pathId' })
  const query = useQuery(queries.path(pathId))
  if (query.data) return <Found path={query.data} />
  return (
    <Page title={texts.path.title} description={texts.path.description} crumbs={crumbs}>
      {query.error ? (
        <>
          <ProblemMessage
            error={query.error}
            onRetry={isProblem(query.error, 404) ? undefined : () => void query.refetch()}
          />
          <div className={styles.ticked}>
            <ButtonLink to="/attack-paths" search={{ view: 'paths' }} appearance="primary">
              {texts.gone.action}
            </ButtonLink>
            <ButtonLink to="/changes">{texts.gone.changes}</ButtonLink>
          </div>
        </>
      ) : (
        <Section title={texts.route}>
          <Skeleton aria-label={texts.path.title} className={styles.skeleton}>
            <SkeletonItem size={96} />
            <SkeletonItem size={16} />
            <SkeletonItem size={16} />
          </Skeleton>
        </Section>
      )}
    </Page>
  )
}

function Found({ path }: { path: PathReport }) {
  const styles = useStyles()
  const isNarrow = useIsNarrow()
  const [search, change] = useUrl(validateAttackPathSearch)
  const shown = shownStep(path, search.step)
  const index = shown ? path.steps.indexOf(shown) + 1 : 0
  const show = (step: string) => change({ step })
  const details = shown ? <StepDetails key={shown.id} step={shown} index={index} /> : null
  return (
    <Page
      title={texts.title(path.entry_name, path.target_name)}
      description={texts.path.description}
      crumbs={crumbs}
      badges={
        <div className={styles.badges}>
          <RiskBadge risk={path.risk} />
          <StatusBadge status={path.status} />
          <BasisBadge basis={path.basis} />
          <GradeBadge grade={path.grade} />
        </div>
      }
    >
      <Section title={texts.route} description={texts.routeHint}>
        <RouteFigure
          route={routeOf(path)}
          entryName={path.entry_name}
          targetName={path.target_name}
          shown={shown?.id}
          onShow={show}
        />
      </Section>
      <Summary path={path} />
      <Section title={texts.steps} actions={<WhatIfTicked ticked={tickedOf(path, search.gone)} />}>
        <div className={styles.columns}>
          <ol className={styles.steps} aria-label={texts.steps}>
            {path.steps.map((step, at) => (
              <li key={step.id}>
                <StepRow
                  step={step}
                  index={at + 1}
                  isOn={step === shown}
                  isTicked={search.gone?.includes(step.id) ?? false}
                  onShow={show}
                  onTick={(isTicked) => {
                    const others = tickedOf(path, search.gone).filter((it) => it !== step.id)
                    const gone = isTicked ? [...others, step.id] : others
                    change({ gone: gone.length > 0 ? gone : undefined })
                  }}
                />
                {isNarrow && step === shown ? <div className={styles.inline}>{details}</div> : null}
              </li>
            ))}
          </ol>
          {isNarrow ? null : details}
        </div>
      </Section>
    </Page>
  )
}

/** Ids of an old address may be of steps that the path has no more. */
const tickedOf = (path: PathReport, gone: readonly string[] | undefined) =>
  (gone ?? []).filter((id) => path.steps.some((it) => it.id === id))

function WhatIfTicked({ ticked }: { ticked: readonly string[] }) {
  if (ticked.length === 0) {
    return (
      <Tooltip content={texts.whatIf.noneHint} relationship="description">
        <Button size="small" disabledFocusable>
          {texts.whatIf.none}
        </Button>
      </Tooltip>
    )
  }
  return (
    <ButtonLink to="/what-if" search={{ edges: [...ticked], run: true }} appearance="primary" size="small">
      {texts.whatIf.ticked(ticked.length)}
    </ButtonLink>
  )
}

function StepRow({
  step,
  index,
  isOn,
  isTicked,
  onShow,
  onTick,
}: {
  step: StepReport
  index: number
  isOn: boolean
  isTicked: boolean
  onShow: (id: string) => void
  onTick: (isTicked: boolean) => void
}) {
  const styles = useStyles()
  const title = useTechniques().get(step.technique)?.title ?? step.technique
  return (
    <div className={mergeClasses(styles.step, isOn && styles.stepOn)}>
      <Checkbox
        aria-label={texts.tick(index)}
        checked={isTicked}
        onChange={(_, data) => onTick(data.checked === true)}
      />
      <button
        type="button"
        className={styles.open}
        aria-expanded={isOn}
        onClick={() => onShow(step.id)}
      >
        <span className={styles.technique}>
          {index}. {title}
        </span>
        <span className={styles.ends}>
          {texts.from} {step.source_name} {texts.to} {step.target_name}
        </span>
      </button>
    </div>
  )
}

function Summary({ path }: { path: PathReport }) {
  const styles = useStyles()
  const costs = path.steps.map((it) => it.cost)
  // That an entry is assumed is said with the entry.
  const unseen = path.steps.flatMap((step, index) =>
    unseenOf(step)
      .filter((it) => it !== 'assumption')
      .map((it) => texts.unseenStep(index + 1, texts.assumed[it] ?? it)),
  )
  const { crossing, fix, changed } = path
  return (
    <Section title={texts.facts}>
      <dl className={styles.facts}>
        <Fact term={texts.sum.scenario}>
          <AppLink to="/attack-paths" search={{ scenario: path.scenario }}>
            {path.scenario_title}
          </AppLink>
        </Fact>
        <Fact term={texts.sum.entry}>
          <PlaceLink id={path.entry} name={path.entry_name} />
          <div>{capital(path.entry_reason)}</div>
          {path.entry_grade && path.basis !== 'assumed' ? <div className={styles.quiet}>{texts.entryGrade(path.entry_grade)}</div> : null}
        </Fact>
        <Fact term={texts.sum.target}>
          <PlaceLink id={path.target} name={path.target_name} />
          <div>{capital(path.target_reason)}</div>
        </Fact>
        {crossing ? (
          <Fact term={texts.sum.crossing}>
            <PlaceLink id={crossing.id} name={crossing.name} />
            <div>{capital(crossing.reason)}</div>
          </Fact>
        ) : null}
        {changed && changed.what.length > 0 ? (
          <Fact term={texts.sum.changed}>
            {changed.what.map((sentence) => (
              <div key={sentence}>{sentence}</div>
            ))}
          </Fact>
        ) : null}
        <Fact term={texts.sum.cost}>
          <Tooltip content={texts.costHint} relationship="description">
            <span>{texts.costWords(path.cost, costs)}</span>
          </Tooltip>
        </Fact>
        {unseen.length > 0 ? (
          <Fact term={texts.sum.unseen}>
            {unseen.map((it) => (
              <div key={it}>{it}</div>
            ))}
          </Fact>
        ) : null}
        <Fact term={texts.sum.hops}>{number(path.hops)}</Fact>
        {fix ? (
          <Fact term={texts.sum.fix}>
            <AppLink to="." search={(old) => ({ ...old, step: fix.step })} replace resetScroll={false}>
              {fix.title}
            </AppLink>{' '}
            <span className={styles.quiet}>{whoAndEffort(fix)}</span>
          </Fact>
        ) : null}
        <Fact term={texts.sum.id}>
          <CopyText value={path.id} what={texts.pathId} />
        </Fact>
      </dl>
    </Section>
  )
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  const styles = useStyles()
  return (
    <div>
      <dt className={styles.term}>{term}</dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  )
}
