// Completion, diagnostics and hover: asked of the server, which binds the text as it would to run it. Each question
// is about one query of the text; an answer about a text that has changed since is dropped.

import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { linter, type Diagnostic } from '@codemirror/lint'
import { hoverTooltip, type EditorView } from '@codemirror/view'

import type { HuntCompletions, HuntDiagnostics, HuntHovers } from '@/api/hunting'

import { statementAt, statements } from '../statements'
import { texts } from '../texts'

/** The questions; tests give their own. */
export interface Language {
  complete: (query: string, caret: number, signal: AbortSignal) => Promise<HuntCompletions>
  diagnose: (query: string, signal: AbortSignal) => Promise<HuntDiagnostics>
  hover: (query: string, caret: number, signal: AbortSignal) => Promise<HuntHovers>
}

/** After the last key, before the whole text is looked at. */
const diagnoseAfterMs = 200
const hoverAfterMs = 250
/** Queries of one text that are looked at; further ones are when the caret is in them. */
const diagnosedMax = 20

/** The icons that the editor has, by what the server calls things. */
const icons: Record<string, string> = {
  table: 'class',
  column: 'property',
  function: 'function',
  aggregate: 'function',
  plugin: 'function',
  operator: 'keyword',
  keyword: 'keyword',
  variable: 'variable',
  parameter: 'property',
  type: 'type',
  value: 'constant',
}

function completionsOf(language: Language) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString()
    const word = context.matchBefore(/[\w-]+/)
    const before = text[context.pos - 1]
    // Asked as one types a word, and behind what a name or operator follows; elsewhere by Ctrl+Space.
    if (!context.explicit && !word && !(before !== undefined && /[|.(,\s]/.test(before))) return null
    if (!context.explicit && word && /^\d/.test(word.text)) return null
    const statement = statementAt(text, context.pos)
    const start = statement && context.pos >= statement.start ? statement.start : context.pos
    // What stands behind the caret in the query counts too: columns of a later `project` are names of this one.
    const query = statement && context.pos >= statement.start ? text.slice(start, Math.max(statement.end, context.pos)) : ''
    const controller = new AbortController()
    context.addEventListener('abort', () => controller.abort(), { onDocChange: true })
    const answer = await language.complete(query, context.pos - start, controller.signal).catch(() => undefined)
    if (!answer || answer.items.length === 0 || context.aborted) return null
    const options = answer.items.map((it, at): Completion => ({
      label: it.label,
      apply: it.insert,
      type: icons[it.kind] ?? 'text',
      // The order of the server says what is likely.
      boost: Math.max(99 - at, -99),
      ...(it.detail === null ? {} : { detail: it.detail }),
      ...(it.description === null ? {} : { info: it.description }),
    }))
    return { from: start + answer.start, to: start + answer.end, options, validFor: /^[\w-]*$/ }
  }
}

/** What is wrong in a text, at its places in the whole of it. Exported for its test. */
export async function diagnosticsOf(language: Language, text: string, signal: AbortSignal): Promise<Diagnostic[]> {
  const asked = statements(text)
    .slice(0, diagnosedMax)
    .map(async (statement) => {
      const { items } = await language.diagnose(statement.text, signal)
      return items.map((it): Diagnostic => {
        const from = Math.min(statement.start + it.start, text.length)
        const to = Math.min(statement.start + it.end, text.length)
        return {
          from,
          // What is missing has no length, and could not be seen.
          to: Math.max(to, from),
          severity: it.severity === 'hint' ? 'hint' : it.severity,
          message: it.hint === null ? it.message : `${it.message}\n${it.hint}`,
        }
      })
    })
  return (await Promise.all(asked)).flat()
}

function diagnosticsSource(language: Language) {
  let latest: AbortController | undefined
  return async (view: EditorView): Promise<readonly Diagnostic[]> => {
    latest?.abort()
    latest = new AbortController()
    // Without an answer nothing is known to be wrong; running tells.
    return diagnosticsOf(language, view.state.doc.toString(), latest.signal).catch(() => [])
  }
}

function hoverSource(language: Language) {
  return async (view: EditorView, pos: number) => {
    const text = view.state.doc.toString()
    const statement = statementAt(text, pos)
    if (!statement || pos < statement.start || pos > statement.end) return null
    const asked = language.hover(statement.text, pos - statement.start, new AbortController().signal)
    const item = (await asked.catch(() => undefined))?.item
    if (!item || view.state.doc.toString() !== text) return null
    return {
      pos: statement.start + item.start,
      end: statement.start + item.end,
      above: true,
      create: () => {
        const dom = document.createElement('div')
        dom.className = 'cm-hover'
        for (const [name, words] of [['title', item.title], ['text', item.description]] as const) {
          if (!words) continue
          const line = dom.appendChild(document.createElement('div'))
          line.className = `cm-hover-${name}`
          line.textContent = words
        }
        return { dom }
      },
    }
  }
}

export const intelligence = (language: Language) => [
  autocompletion({
    override: [completionsOf(language)],
    activateOnTypingDelay: 60,
    icons: true,
    maxRenderedOptions: 60,
  }),
  linter(diagnosticsSource(language), { delay: diagnoseAfterMs }),
  hoverTooltip(hoverSource(language), { hoverTime: hoverAfterMs }),
]

/** Names of what the editor says by itself. */
export const phrases = {
  Completions: texts.editor.completions,
  Diagnostics: texts.editor.diagnostics,
}
