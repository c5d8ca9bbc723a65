// One reason for a step, drawn: assets as boxes with what is so of them, relations as arrows. The list of facts below
// says the same in words.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'

import type { FactReport } from '@/api/types'
import { PlaceLink } from '@/components/PlaceLink'
import { isVirtual, nameParts } from '@/lib/places'

import { figureOf, type Arrow, type Asset, type Composition, type PlacedArrow, type Sizes } from './composition'
import { briefly, isUnseen } from './sentences'
import { texts } from './texts'

const assetWidth = 176
const lineHeight = 16
const letterWidth = 6.5
const headLength = 8

const useStyles = makeStyles({
  figure: { margin: 0, minWidth: 0 },
  // Wider than the page most times: it scrolls by itself.
  scroll: {
    overflowX: 'auto',
    padding: tokens.spacingHorizontalM,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  canvas: { position: 'relative' },
  lines: { position: 'absolute', inset: 0, color: tokens.colorNeutralStrokeAccessible, overflow: 'visible' },
  label: {
    position: 'absolute',
    transform: 'translate(-50%, -50%)',
    display: 'flex',
    flexDirection: 'column',
    padding: `0 ${tokens.spacingHorizontalXS}`,
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${lineHeight}px`,
    textAlign: 'center',
    whiteSpace: 'nowrap',
  },
  assets: { listStyleType: 'none', margin: 0, padding: 0 },
  asset: {
    position: 'absolute',
    width: `${assetWidth}px`,
    boxSizing: 'border-box',
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalS} ${tokens.spacingVerticalS}`,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${lineHeight}px`,
    overflowWrap: 'anywhere',
  },
  source: { borderLeft: `4px solid ${tokens.colorBrandStroke1}` },
  target: { border: `${tokens.strokeWidthThick} solid ${tokens.colorBrandStroke1}` },
  mark: {
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase100,
    lineHeight: tokens.lineHeightBase100,
    fontWeight: tokens.fontWeightSemibold,
  },
  quiet: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase100, lineHeight: tokens.lineHeightBase100 },
  facts: { listStyleType: 'none', margin: 0, padding: 0 },
  fact: {
    marginTop: tokens.spacingVerticalXS,
    paddingLeft: tokens.spacingHorizontalS,
    borderLeft: `2px solid ${tokens.colorNeutralStroke1}`,
  },
  unseen: { borderLeft: `2px dashed ${tokens.colorNeutralStrokeAccessible}`, fontStyle: 'italic' },
})

/** Taken until the boxes were measured. */
const heightGuess = (asset: Asset) => 56 + asset.facts.length * (2 * lineHeight + 4)

const labelsOf = (arrow: Arrow) => [...new Set(arrow.facts.flatMap((it) => (it.relation ? [it.relation.kind] : [])))]

export function CompositionFigure({ composition, label }: { composition: Composition; label: string }) {
  const styles = useStyles()
  const canvas = useRef<HTMLUListElement>(null)
  const [measured, setMeasured] = useState<readonly number[]>()
  const figure = useMemo(() => {
    const heights = new Map(composition.assets.map((it, index) => [it.id, measured?.[index] || heightGuess(it)]))
    const sizes: Sizes = {
      assetWidth,
      heightOf: (asset) => heights.get(asset.id) ?? 0,
      labelWidth: (arrow) => Math.max(...labelsOf(arrow).map((it) => it.length)) * letterWidth + 12,
      labelHeight: (arrow) => labelsOf(arrow).length * lineHeight,
      bend: 20,
      gap: 16,
    }
    return figureOf(composition, sizes)
  }, [composition, measured])

  useLayoutEffect(() => {
    const boxes = canvas.current?.children
    setMeasured(composition.assets.map((_, index) => boxes?.[index]?.clientHeight ?? 0))
  }, [composition])

  // The browser is content when half of what has the focus can be seen.
  useEffect(() => {
    const list = canvas.current
    const show = ({ target }: FocusEvent) => {
      if (target instanceof Element) target.closest('li')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    }
    list?.addEventListener('focusin', show)
    return () => list?.removeEventListener('focusin', show)
  }, [])

  return (
    <figure className={styles.figure} aria-label={label}>
      <div className={styles.scroll}>
        <div className={styles.canvas} style={{ width: figure.width, height: figure.height }}>
          <svg className={styles.lines} width={figure.width} height={figure.height} aria-hidden>
            {figure.arrows.map((it) => (
              <Line key={JSON.stringify([it.arrow.from, it.arrow.to])} placed={it} />
            ))}
          </svg>
          {figure.arrows.map(({ arrow, label: at }) => (
            <div
              key={JSON.stringify([arrow.from, arrow.to])}
              className={styles.label}
              style={{ left: at.x, top: at.y }}
              title={arrow.facts.map((it) => it.text).join('\n')}
              aria-hidden
            >
              {labelsOf(arrow).map((it) => (
                <span key={it}>{it}</span>
              ))}
            </div>
          ))}
          <ul ref={canvas} className={styles.assets} aria-label={texts.composition.assets}>
            {figure.assets.map(({ asset, x, y }) => (
              <li
                key={asset.id}
                className={mergeClasses(
                  styles.asset,
                  asset.role === 'source' && styles.source,
                  asset.role === 'target' && styles.target,
                )}
                style={{ left: x, top: y }}
              >
                <AssetBox asset={asset} />
              </li>
            ))}
          </ul>
        </div>
      </div>
    </figure>
  )
}

function AssetBox({ asset }: { asset: Asset }) {
  const styles = useStyles()
  const [name, domain] = isVirtual(asset.id) ? [asset.name, undefined] : nameParts(asset.name)
  const below = [asset.kind, domain].filter(Boolean).join(', ')
  return (
    <>
      {asset.role ? <div className={styles.mark}>{texts.composition.roles[asset.role]}</div> : null}
      <PlaceLink id={asset.id} name={name} kind={asset.kind} fullName={asset.name} isWrapped />
      {below ? <div className={styles.quiet}>{below}</div> : null}
      {asset.facts.length > 0 ? (
        <ul className={styles.facts}>
          {asset.facts.map((it) => (
            <FactLine key={it.text} fact={it} />
          ))}
        </ul>
      ) : null}
    </>
  )
}

function FactLine({ fact }: { fact: FactReport }) {
  const styles = useStyles()
  return (
    <li className={mergeClasses(styles.fact, isUnseen(fact) && styles.unseen)} title={texts.factHint[fact.fact]}>
      {isUnseen(fact) ? `${texts.fact[fact.fact]}: ` : null}
      {briefly(fact)}
    </li>
  )
}

/** Bent between two columns, straight along one, with its head at the end. */
function Line({ placed }: { placed: PlacedArrow }) {
  const { line } = placed
  const [end, before] = [line.at(-1)!, line.at(-2)!]
  const way = Math.sign(end.x - before.x) || 1
  const path = line.map(({ x, y }, index) => {
    const last = line[index - 1]
    if (!last) return `M ${x} ${y}`
    if (index % 2 === 0) return `L ${x} ${y}`
    const half = (last.x + x) / 2
    return `C ${half} ${last.y} ${half} ${y} ${index === line.length - 1 ? x - way * headLength : x} ${y}`
  })
  const back = end.x - way * headLength
  return (
    <>
      <path d={path.join(' ')} fill="none" stroke="currentColor" strokeWidth={1.5} />
      <path d={`M ${end.x} ${end.y} L ${back} ${end.y - 4.5} L ${back} ${end.y + 4.5} Z`} fill="currentColor" />
    </>
  )
}
