// Texts of the catalog name the ends of a step as `{source}` and `{target}`.

export interface Piece {
  /** Where the piece begins in the text. */
  at: number
  text: string
  end?: 'source' | 'target'
}

/** The text in pieces, its ends marked. */
export function piecesOf(text: string): Piece[] {
  let at = 0
  const pieces: Piece[] = []
  for (const part of text.split(/(\{source\}|\{target\})/)) {
    if (part === '{source}') pieces.push({ at, text: part, end: 'source' })
    else if (part === '{target}') pieces.push({ at, text: part, end: 'target' })
    else if (part !== '') pieces.push({ at, text: part })
    at += part.length
  }
  return pieces
}
