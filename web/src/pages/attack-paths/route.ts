// A path as it is drawn: places with the steps between them. Nothing here knows how it looks.

import type { PathReport, StepReport } from '@/api/types'

export interface RoutePlace {
  id: string
  name: string
  kind?: string | undefined
  /** How a device is held once the attacker is there; undefined for what is no device. */
  heldAs?: 'user' | 'admin' | undefined
  role: 'entry' | 'passed' | 'target' | 'crossing'
}

export interface Route {
  /** One more than there are steps: `steps[i]` leads from `places[i]` to `places[i + 1]`. */
  places: RoutePlace[]
  steps: StepReport[]
  /** The control plane that the last place belongs to, where that is the target. */
  plane?: { id: string; name: string } | undefined
}

export function routeOf(path: PathReport): Route {
  const { steps, crossing } = path
  const held = new Map((path.places ?? []).map((it) => [it.id, it]))
  const place = (id: string, name: string, role: RoutePlace['role']): RoutePlace => {
    const known = held.get(id)
    const foothold = known?.foothold
    return {
      id,
      name,
      role,
      kind: known?.kind,
      heldAs: foothold === 'user' || foothold === 'admin' ? foothold : undefined,
    }
  }
  const last = steps.length - 1
  return {
    places: [
      place(path.entry, path.entry_name, 'entry'),
      ...steps.map((it, index) =>
        place(it.target, it.target_name, index < last ? 'passed' : crossing ? 'crossing' : 'target'),
      ),
    ],
    steps,
    plane: crossing ? { id: path.target, name: path.target_name } : undefined,
  }
}

/** The step whose details are shown: the one of the address, or the one that is proposed to be changed. */
export function shownStep(path: PathReport, id: string | undefined) {
  return (
    path.steps.find((it) => it.id === id) ??
    path.steps.find((it) => it.id === path.fix?.step) ??
    path.steps.at(-1)
  )
}

/** Where an arrow key goes from one of `count` things; undefined for another key. */
export function stepByKey(key: string, at: number, count: number) {
  const to = {
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: count - 1,
  }[key]
  return to === undefined ? undefined : Math.min(Math.max(to, 0), count - 1)
}
