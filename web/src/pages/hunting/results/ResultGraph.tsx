// The graph of a result: nodes by name, edges with their labels. Drag to move, buttons to zoom; the table has the rows.

import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useRef, useState, type PointerEvent } from 'react'

import { isEdgeId } from '@/lib/places'

import { texts } from '../texts'
import { layout, type Place, type ResultGraph as Graph } from './graph'

const radiusPx = 9
const zoomStep = 1.3
/** Labels of more nodes than these run into each other; those of what is pointed at are still shown. */
const labelledMax = 90
const marginPx = 60
/** About the size of the picture on a screen: only how large a node is drawn depends on it. */
const wholeWidthPx = 800
const wholeHeightPx = 420
const unitMax = 3

const useStyles = makeStyles({
  figure: { margin: 0, display: 'flex', flexDirection: 'column', minHeight: 0, height: '100%' },
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalL}`,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  svg: {
    width: '100%',
    flexGrow: 1,
    minHeight: 0,
    touchAction: 'none',
    cursor: 'grab',
    backgroundColor: tokens.colorNeutralBackground1,
    ':active': { cursor: 'grabbing' },
  },
  edge: { stroke: tokens.colorNeutralStrokeAccessible, fill: 'none' },
  edgeNear: { stroke: tokens.colorBrandForeground1 },
  head: { fill: tokens.colorNeutralStrokeAccessible },
  node: { cursor: 'pointer', ':focus': { outline: 'none' } },
  dot: { fill: tokens.colorBrandForeground1, stroke: tokens.colorNeutralBackground1 },
  dotFocus: { stroke: tokens.colorStrokeFocus2 },
  text: {
    fill: tokens.colorNeutralForeground1,
    paintOrder: 'stroke',
    stroke: tokens.colorNeutralBackground1,
    pointerEvents: 'none',
  },
  edgeText: { fill: tokens.colorNeutralForeground2 },
})

const short = (name: string) => (name.length > 28 ? `${name.slice(0, 27)}…` : name)

export default function ResultGraph({ graph }: { graph: Graph }) {
  const styles = useStyles()
  const navigate = useNavigate()
  const places = useMemo(() => layout(graph), [graph])
  const whole = useMemo(() => boxOf([...places.values()]), [places])
  const [box, setBox] = useState(whole)
  const [shownGraph, setShownGraph] = useState(graph)
  const [near, setNear] = useState<string>()
  const drag = useRef<{ x: number; y: number; box: Box }>(undefined)
  const svg = useRef<SVGSVGElement>(null)
  if (shownGraph !== graph) {
    setShownGraph(graph)
    setBox(whole)
  }
  const zoom = (by: number) =>
    setBox((old) => ({
      x: old.x + (old.width * (1 - by)) / 2,
      y: old.y + (old.height * (1 - by)) / 2,
      width: old.width * by,
      height: old.height * by,
    }))
  const onDrag = (event: PointerEvent) => {
    const from = drag.current
    const screen = svg.current?.getBoundingClientRect()
    if (!from || !screen) return
    // The picture keeps its proportions, so one scale holds for both directions.
    const scale = Math.max(from.box.width / screen.width, from.box.height / screen.height)
    setBox({ ...from.box, x: from.box.x - (event.clientX - from.x) * scale, y: from.box.y - (event.clientY - from.y) * scale })
  }
  const isLabelled = graph.nodes.length <= labelledMax
  // Nodes and words keep their size on the screen, however large the graph is.
  const unit = Math.min(Math.max(box.width / wholeWidthPx, box.height / wholeHeightPx), unitMax)
  const radius = radiusPx * unit
  const isBeside = (id: string) =>
    near !== undefined && (id === near || graph.edges.some((it) => (it.source === near && it.target === id) || (it.target === near && it.source === id)))
  return (
    <figure className={styles.figure} aria-label={texts.graph.title}>
      <figcaption className={styles.bar}>
        <Button size="small" onClick={() => zoom(1 / zoomStep)}>
          {texts.graph.zoomIn}
        </Button>
        <Button size="small" onClick={() => zoom(zoomStep)}>
          {texts.graph.zoomOut}
        </Button>
        <Button size="small" onClick={() => setBox(whole)}>
          {texts.graph.fit}
        </Button>
        <span>{texts.graph.counts(graph.nodes.length, graph.edges.length)}</span>
        <span>
          {graph.nodesTotal > graph.nodes.length
            ? texts.graph.cut(graph.nodes.length, graph.nodesTotal)
            : texts.graph.help}
        </span>
      </figcaption>
      <svg
        ref={svg}
        role="group"
        aria-label={texts.graph.counts(graph.nodes.length, graph.edges.length)}
        className={styles.svg}
        viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
        onPointerDown={(event) => {
          drag.current = { x: event.clientX, y: event.clientY, box }
        }}
        onPointerMove={onDrag}
        onPointerUp={() => {
          drag.current = undefined
        }}
        onPointerLeave={() => {
          drag.current = undefined
        }}
      >
        <defs>
          <marker id="hunting-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0,0 L8,4 L0,8 z" className={styles.head} />
          </marker>
        </defs>
        <g aria-hidden>
          {graph.edges.map((edge) => {
            const isNear = near !== undefined && (edge.source === near || edge.target === near)
            const line = lineOf(places.get(edge.source)!, places.get(edge.target)!, radius)
            return (
              <g key={`${edge.source} ${edge.target}`}>
                <path
                  d={line.path}
                  strokeWidth={unit}
                  className={mergeClasses(styles.edge, isNear && styles.edgeNear)}
                  markerEnd="url(#hunting-arrow)"
                />
                {edge.label !== '' && (isNear || graph.edges.length <= labelledMax / 3) ? (
                  <text
                    x={line.x}
                    y={line.y}
                    textAnchor="middle"
                    fontSize={10 * unit}
                    strokeWidth={3 * unit}
                    className={mergeClasses(styles.text, styles.edgeText)}
                  >
                    {short(edge.label)}
                  </text>
                ) : null}
              </g>
            )
          })}
        </g>
        {graph.nodes.map((node) => {
          const { x, y } = places.get(node.id)!
          const isAsset = isEdgeId(node.id)
          const open = () => void navigate({ to: '/assets/$assetId', params: { assetId: node.id } })
          return (
            <g
              key={node.id}
              transform={`translate(${x} ${y})`}
              role={isAsset ? 'link' : 'img'}
              tabIndex={isAsset ? 0 : -1}
              aria-label={node.label === '' ? node.name : `${node.name}, ${node.label}`}
              className={styles.node}
              onPointerEnter={() => setNear(node.id)}
              onPointerLeave={() => setNear(undefined)}
              onFocus={() => setNear(node.id)}
              onBlur={() => setNear(undefined)}
              onDoubleClick={isAsset ? open : undefined}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && isAsset) open()
              }}
            >
              <circle r={radius} strokeWidth={2 * unit} className={mergeClasses(styles.dot, near === node.id && styles.dotFocus)}>
                <title>{node.label === '' ? node.name : `${node.name} (${node.label})`}</title>
              </circle>
              {isLabelled || isBeside(node.id) ? (
                <text
                  y={radius + 12 * unit}
                  textAnchor="middle"
                  fontSize={11 * unit}
                  strokeWidth={3 * unit}
                  className={styles.text}
                >
                  {short(node.name)}
                </text>
              ) : null}
            </g>
          )
        })}
      </svg>
    </figure>
  )
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

function boxOf(places: readonly Place[]): Box {
  const xs = places.map((it) => it.x)
  const ys = places.map((it) => it.y)
  const x = Math.min(0, ...xs) - marginPx
  const y = Math.min(0, ...ys) - marginPx
  return { x, y, width: Math.max(0, ...xs) + marginPx - x, height: Math.max(0, ...ys) + marginPx - y }
}

/** From the rim of one node to that of the other; from a node to itself, a loop. */
function lineOf(from: Place, to: Place, radius: number) {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  if (length < 1) {
    const top = from.y - radius
    return { path: `M${from.x - 4} ${top} C${from.x - 30} ${top - 34} ${from.x + 30} ${top - 34} ${from.x + 4} ${top - 2}`, x: from.x, y: top - 30 }
  }
  const x = (to.x - from.x) / length
  const y = (to.y - from.y) / length
  const rim = radius + 2
  return {
    path: `M${from.x + x * rim} ${from.y + y * rim} L${to.x - x * rim} ${to.y - y * rim}`,
    x: (from.x + to.x) / 2,
    y: (from.y + to.y) / 2 - 4,
  }
}
