// A text may hold several queries, with empty lines between them: the one under the caret is run.

export interface Statement {
  /** The first character, and the one behind the last. */
  start: number
  end: number
  text: string
}

interface Line {
  start: number
  end: number
  text: string
}

function linesOf(text: string): Line[] {
  let start = 0
  return text.split('\n').map((line) => {
    const found = { start, end: start + line.length, text: line }
    start = found.end + 1
    return found
  })
}

/** Without comments; a `//` in a text is one too for this purpose, which only looks at the last character. */
const code = (line: string) => line.replace(/\/\/.*$/, '').trim()

/**
 * The queries of a text. Empty lines part them, except behind a `;` (what follows belongs to the `let`), before a
 * `|` (it goes on), behind lines that are comments only, and in a text of several lines between three back-ticks.
 */
export function statements(text: string): Statement[] {
  const found: Statement[] = []
  let open: { start: number; end: number; last: string } | undefined
  let isApart = false
  let isInLongText = false
  for (const line of linesOf(text)) {
    const wasInLongText = isInLongText
    const fences = line.text.match(/```|~~~/g)?.length ?? 0
    if (fences % 2 === 1) isInLongText = !isInLongText
    if (line.text.trim() === '' && !wasInLongText) {
      isApart = true
      continue
    }
    const words = code(line.text)
    const goesOn = !isApart || open === undefined || open.last === '' || open.last.endsWith(';') || words.startsWith('|')
    if (open && !goesOn) {
      found.push({ start: open.start, end: open.end, text: text.slice(open.start, open.end) })
      open = undefined
    }
    open = { start: open?.start ?? line.start, end: line.end, last: words === '' ? (open?.last ?? '') : words }
    isApart = false
  }
  // What is left without a word of code is a comment at the end.
  if (open && open.last !== '') found.push({ start: open.start, end: open.end, text: text.slice(open.start, open.end) })
  return found
}

/** The query under the caret: the one that it stands in or behind, else the first. */
export function statementAt(text: string, caret: number): Statement | undefined {
  const all = statements(text)
  return all.findLast((it) => it.start <= caret) ?? all[0]
}

/** What is run: what is selected, if that is more than white space, else the query under the caret. */
export function toRun(text: string, from: number, to: number): Statement | undefined {
  const selected = text.slice(from, to)
  if (selected.trim() !== '') return { start: from, end: to, text: selected }
  return statementAt(text, to)
}
