// The colours of the query language: a tokenizer of one line at a time. What a query means is the server's to say.

import { HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting, type StringStream } from '@codemirror/language'
import { tags } from '@lezer/highlight'
import { tokens } from '@fluentui/react-components'

/** The words that stand behind a pipe; a word between hyphens is one (`mv-expand`). */
const operators = new Set(
  `as consume count datatable distinct evaluate extend externaldata facet filter find fork getschema graph-mark-components
  graph-match graph-shortest-paths graph-to-table invoke join limit lookup make-graph make-series materialize mv-apply
  mv-expand order parse parse-kv parse-where partition print project project-away project-keep project-rename
  project-reorder range reduce render sample sample-distinct scan search serialize sort summarize take top top-nested
  union where`.split(/\s+/),
)

const keywords = new Set(
  `and asc between by contains contains_cs contains_cs! declare default desc edges endswith endswith_cs first from has
  has_all has_any has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs hint in kind last let matches nodes nulls of on
  or pattern regex set startswith startswith_cs step to typeof with`.split(/\s+/),
)

const types = new Set('bool int long real decimal string datetime timespan guid dynamic date time double'.split(' '))

interface State {
  /** The fence that closes a text of several lines. */
  fence: string | undefined
}

function token(stream: StringStream, state: State): string | null {
  if (state.fence !== undefined) return longText(stream, state)
  if (stream.eatSpace()) return null
  if (stream.match('//')) {
    stream.skipToEnd()
    return 'comment'
  }
  const fence = stream.match(/```|~~~/)
  if (Array.isArray(fence)) {
    state.fence = fence[0]
    return longText(stream, state)
  }
  // Verbatim texts have doubled quotes, others a backslash; `h` hides a text from traces.
  if (stream.match(/[hH]?@"(?:[^"]|"")*"?/) || stream.match(/[hH]?@'(?:[^']|'')*'?/)) return 'string'
  if (stream.match(/[hH]?"(?:[^"\\]|\\.)*"?/) || stream.match(/[hH]?'(?:[^'\\]|\\.)*'?/)) return 'string'
  if (stream.match(/(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F]+)(?:tick|microseconds?|ms|milliseconds?|seconds?|s|minutes?|m|hours?|h|days?|d)?\b/)) {
    return 'number'
  }
  const word = stream.match(/[A-Za-z_$][\w$]*(?:-[A-Za-z]+)*/)
  if (Array.isArray(word)) return wordOf(stream, word[0])
  if (stream.match(/[!=]~|==|!=|<=|>=|<>|-->|<--|--|-\[|\]->?|<-\[|[|<>=+*/%-]/)) return 'operator'
  stream.next()
  return null
}

function longText(stream: StringStream, state: State) {
  while (!stream.eol()) {
    if (state.fence !== undefined && stream.match(state.fence)) {
      state.fence = undefined
      return 'string'
    }
    stream.next()
  }
  return 'string'
}

function wordOf(stream: StringStream, found: string) {
  if (operators.has(found)) return 'keyword'
  // Only operators have hyphens: elsewhere one is a minus.
  const [word = found] = found.split('-')
  if (word !== found) stream.backUp(found.length - word.length)
  if (operators.has(word)) return 'keyword'
  if (keywords.has(word)) return 'modifier'
  if (/^(true|false|null)$/.test(word)) return 'atom'
  if (types.has(word)) return 'typeName'
  return stream.match(/^\s*\(/, false) ? 'function' : 'variableName'
}

const language = StreamLanguage.define<State>({
  name: 'kql',
  startState: () => ({ fence: undefined }),
  copyState: (state) => ({ ...state }),
  token,
  languageData: { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"', "'"] } },
  tokenTable: { function: tags.function(tags.variableName) },
})

/** The colours are those of the theme, so that they change with it. */
const style = HighlightStyle.define([
  { tag: tags.keyword, color: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold },
  { tag: tags.modifier, color: tokens.colorBrandForeground1 },
  { tag: tags.comment, color: tokens.colorPaletteGreenForeground1, fontStyle: 'italic' },
  { tag: tags.string, color: tokens.colorPaletteRedForeground1 },
  { tag: tags.number, color: tokens.colorPaletteMarigoldForeground2 },
  { tag: tags.atom, color: tokens.colorPaletteMarigoldForeground2 },
  { tag: tags.typeName, color: tokens.colorPaletteTealForeground2 },
  { tag: tags.function(tags.variableName), color: tokens.colorPaletteBerryForeground1 },
  { tag: tags.operator, color: tokens.colorNeutralForeground2 },
])

export const kql = () => new LanguageSupport(language, syntaxHighlighting(style))

/** For tests: the classes of a text's tokens. */
export const tokenizer = { token, start: (): State => ({ fence: undefined }) }
