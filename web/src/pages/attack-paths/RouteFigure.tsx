// The route, drawn: places as boxes, steps as arrows between them. From left to right in as many rows as it takes,
// from top to bottom on narrow screens. The list of steps beside it says the same in words.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { KeyboardEvent } from 'react'

import type { StepReport } from '@/api/types'
import { GradeBadge } from '@/components/Badges'
import { PlaceLink } from '@/components/PlaceLink'
import { useTechniques } from '@/pages/techniques/useTechniques'
import { isVirtual, nameParts } from '@/lib/places'
import { useIsNarrow } from '@/lib/useMedia'

import { stepByKey, type Route, type RoutePlace } from './route'
import { unseenOf } from './sentences'
import { texts } from './texts'

const placeWidth = '156px'
/** A place and the step out of it: as wide as words need. */
const pairWidth = '272px'

const useStyles = makeStyles({
  // A route that is longer than the page goes on in the next row, so that all of it is seen.
  figure: {
    display: 'grid',
    gridTemplateColumns: `repeat(auto-fill, minmax(${pairWidth}, 1fr))`,
    alignItems: 'center',
    rowGap: tokens.spacingVerticalL,
    margin: 0,
  },
  figureDown: { display: 'flex', flexDirection: 'column', alignItems: 'stretch', rowGap: 0 },
  pair: { display: 'flex', alignItems: 'center', minWidth: 0 },
  pairDown: { flexDirection: 'column', alignItems: 'stretch' },
  place: {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'center',
    rowGap: tokens.spacingVerticalXXS,
    flexShrink: 0,
    width: placeWidth,
    minHeight: '92px',
    boxSizing: 'border-box',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  placeDown: { width: 'auto', minHeight: 0 },
  entry: { borderLeft: `4px solid ${tokens.colorPaletteDarkOrangeBorderActive}` },
  virtual: {
    border: `${tokens.strokeWidthThin} dashed ${tokens.colorNeutralStrokeAccessible}`,
    borderRadius: '20px',
    backgroundColor: tokens.colorNeutralBackground2,
  },
  target: {
    border: `${tokens.strokeWidthThick} solid ${tokens.colorPaletteRedBorderActive}`,
  },
  mark: {
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase100,
    lineHeight: tokens.lineHeightBase100,
    fontWeight: tokens.fontWeightSemibold,
  },
  domain: {
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase100,
    lineHeight: tokens.lineHeightBase100,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
  },
  held: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  plane: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    boxSizing: 'border-box',
    maxWidth: '252px',
    padding: tokens.spacingHorizontalS,
    border: `${tokens.strokeWidthThick} solid ${tokens.colorPaletteRedBorderActive}`,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorPaletteRedBackground1,
  },
  planeDown: { maxWidth: 'none' },
  planeName: { display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  step: {
    position: 'relative',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    rowGap: '2px',
    flex: '1 1 0',
    minWidth: 0,
    padding: `${tokens.spacingVerticalS} 2px`,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-1px' },
  },
  stepDown: {
    flexDirection: 'row',
    justifyContent: 'flex-start',
    columnGap: tokens.spacingHorizontalM,
    minHeight: '52px',
    flex: '0 0 auto',
    paddingLeft: tokens.spacingHorizontalXL,
    textAlign: 'left',
  },
  stepOn: {
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
    ':hover': { backgroundColor: tokens.colorBrandBackground2Hover, color: tokens.colorBrandForeground2Hover },
  },
  words: { textAlign: 'center', fontWeight: tokens.fontWeightSemibold, overflowWrap: 'anywhere' },
  wordsDown: { textAlign: 'left' },
  arrow: { display: 'block', width: '100%', height: '10px', color: tokens.colorNeutralStrokeAccessible },
  arrowDown: { width: '10px', height: '44px', flexShrink: 0 },
  arrowOn: { color: tokens.colorBrandForeground1 },
})

export function RouteFigure({
  route,
  entryName,
  targetName,
  shown,
  onShow,
}: {
  route: Route
  entryName: string
  targetName: string
  /** Id of the step whose details are open. */
  shown: string | undefined
  onShow: (step: string) => void
}) {
  const styles = useStyles()
  const isDown = useIsNarrow()
  const { places, steps, plane } = route
  const between = places.slice(1, plane ? undefined : -1).map((it) => it.name)

  const onKeyDown = (event: KeyboardEvent<HTMLElement>, at: number) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const to = stepByKey(event.key, at, steps.length)
    if (to === undefined) return
    event.preventDefault()
    event.currentTarget.closest('figure')?.querySelectorAll<HTMLElement>('button')[to]?.focus()
    onShow(steps[to]!.id)
  }

  const last = places.at(-1)!
  return (
    <figure
      className={mergeClasses(styles.figure, isDown && styles.figureDown)}
      aria-label={texts.figure(entryName, targetName, between, steps.length)}
    >
      {steps.map((step, index) => (
        <div key={step.id} className={mergeClasses(styles.pair, isDown && styles.pairDown)}>
          <Place place={places[index]!} isDown={isDown} />
          <Step
            step={step}
            index={index + 1}
            isDown={isDown}
            isOn={step.id === shown}
            // One stop of Tab for the whole route; the arrows go on from there.
            isTabStop={step.id === shown || (shown === undefined && index === 0)}
            onShow={() => onShow(step.id)}
            onKeyDown={(event) => onKeyDown(event, index)}
          />
        </div>
      ))}
      {plane ? (
        <div className={mergeClasses(styles.plane, isDown && styles.planeDown)}>
          <div className={styles.planeName}>
            <span className={styles.mark}>{texts.planeMark}</span>
            <PlaceLink id={plane.id} name={plane.name} isWrapped />
          </div>
          <Place place={last} isDown={isDown} />
        </div>
      ) : (
        <Place place={last} isDown={isDown} />
      )}
    </figure>
  )
}

function Place({ place, isDown }: { place: RoutePlace; isDown: boolean }) {
  const styles = useStyles()
  const isOfMany = isVirtual(place.id)
  const [name, domain] = isOfMany ? [place.name, undefined] : nameParts(place.name)
  const mark = {
    entry: isOfMany ? texts.virtualEntryMark : texts.entryMark,
    passed: undefined,
    crossing: texts.crossingMark,
    target: texts.targetMark,
  }[place.role]
  return (
    <div
      className={mergeClasses(
        styles.place,
        isDown && styles.placeDown,
        place.role === 'entry' && styles.entry,
        place.role === 'target' && styles.target,
        isOfMany && styles.virtual,
      )}
    >
      {mark ? <span className={styles.mark}>{mark}</span> : null}
      <PlaceLink id={place.id} name={name} kind={place.kind} fullName={place.name} isWrapped />
      {domain ? <span className={styles.domain}>{domain}</span> : null}
      {place.heldAs ? <span className={styles.held}>{texts.held[place.heldAs]}</span> : null}
    </div>
  )
}

function Step({
  step,
  index,
  isDown,
  isOn,
  isTabStop,
  onShow,
  onKeyDown,
}: {
  step: StepReport
  index: number
  isDown: boolean
  isOn: boolean
  isTabStop: boolean
  onShow: () => void
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
}) {
  const styles = useStyles()
  const title = useTechniques().get(step.technique)?.title ?? step.technique
  const unseen = unseenOf(step)
  return (
    <button
      type="button"
      tabIndex={isTabStop ? 0 : -1}
      aria-current={isOn ? 'step' : undefined}
      aria-label={texts.stepName(index, title, step.source_name, step.target_name)}
      className={mergeClasses(styles.step, isDown && styles.stepDown, isOn && styles.stepOn)}
      onClick={onShow}
      onKeyDown={onKeyDown}
    >
      {isDown ? <Arrow isDown isDashed={step.is_assumed} isOn={isOn} /> : null}
      <span className={mergeClasses(styles.words, isDown && styles.wordsDown)}>{title}</span>
      {isDown ? null : <Arrow isDown={false} isDashed={step.is_assumed} isOn={isOn} />}
      {/* What a product does by default works as well as if somebody had seen it; what is taken for granted has no grade. */}
      {unseen.includes('assumption') ? null : <GradeBadge grade={step.grade} />}
      {unseen.map((it) => (
        <span key={it}>{texts.assumed[it]}</span>
      ))}
    </button>
  )
}

/** A line as long as there is room, with its head at the end; dashed where nobody has seen the step. */
function Arrow({ isDown, isDashed, isOn }: { isDown: boolean; isDashed: boolean; isOn: boolean }) {
  const styles = useStyles()
  const line = {
    stroke: 'currentColor',
    strokeWidth: 2,
    ...(isDashed ? { strokeDasharray: '5 4' } : {}),
  }
  const className = mergeClasses(styles.arrow, isDown && styles.arrowDown, isOn && styles.arrowOn)
  return isDown ? (
    <svg className={className} aria-hidden>
      <line x1="5" y1="0" x2="5" y2="36" {...line} />
      <path d="M0 35 L5 44 L10 35 Z" fill="currentColor" />
    </svg>
  ) : (
    <svg className={className} aria-hidden>
      <line x1="0" y1="5" x2="100%" y2="5" {...line} />
      <svg x="100%" overflow="visible">
        <path d="M-9 0 L0 5 L-9 10 Z" fill="currentColor" />
      </svg>
    </svg>
  )
}
