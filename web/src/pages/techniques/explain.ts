// Texts of the catalog name the ends of a step as `{source}` and `{target}`.

export interface Piece {
  text: string
  end?: 'source' | 'target'
}

/** The text in pieces, its ends marked. */
export function piecesOf(text: string): Piece[] {
  return text
    .split(/(\{source\}|\{target\})/)
    .filter((it) => it !== '')
    .map((it) => {
      if (it === '{source}') return { text: it, end: 'source' }
      if (it === '{target}') return { text: it, end: 'target' }
      return { text: it }
    })
}
