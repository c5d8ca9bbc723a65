// The editor: CodeMirror with our language. It owns its text; the page is told of changes and may set another one.

import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { lintKeymap } from '@codemirror/lint'
import { EditorState, Prec, RangeSetBuilder } from '@codemirror/state'
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view'
import { makeStyles, tokens } from '@fluentui/react-components'
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'

import { statementAt, statements, toRun } from '../statements'
import { texts } from '../texts'
import { intelligence, phrases, type Language } from './intelligence'
import { kql } from './language'
import { look } from './theme'

const useStyles = makeStyles({
  root: {
    height: '100%',
    minHeight: 0,
    overflow: 'hidden',
    borderRadius: tokens.borderRadiusMedium,
  },
})

export interface EditorHandle {
  /** In place of what is selected, with spaces where words would run together. */
  insert: (text: string) => void
  /** What is run: the selection, else the query under the caret. */
  toRun: () => string | undefined
  /** Puts the caret at a line and column of the query that was run, counted from 1. */
  goTo: (query: string, line: number, column: number) => void
  focus: () => void
}

/** With several queries in the text, shows which of them is run. */
const queryUnderCaret = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet

    constructor(view: EditorView) {
      this.decorations = decorate(view)
    }

    update(update: ViewUpdate) {
      if (update.docChanged || update.selectionSet || update.viewportChanged) this.decorations = decorate(update.view)
    }
  },
  { decorations: (plugin) => plugin.decorations },
)

const ofQuery = Decoration.line({ class: 'cm-of-query' })

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const text = view.state.doc.toString()
  const all = statements(text)
  const found = all.length > 1 ? statementAt(text, view.state.selection.main.head) : undefined
  if (!found) return builder.finish()
  for (const { from, to } of view.visibleRanges) {
    for (let at = Math.max(from, found.start); at <= Math.min(to, found.end); ) {
      const line = view.state.doc.lineAt(at)
      builder.add(line.from, line.from, ofQuery)
      at = line.to + 1
    }
  }
  return builder.finish()
}

export default function Editor({
  text,
  language,
  ref,
  onChange,
  onRun,
}: {
  /** What another part of the page has set; what the person types does not come back here. */
  text: string
  language: Language
  ref: Ref<EditorHandle>
  onChange: (text: string) => void
  onRun: () => void
}) {
  const styles = useStyles()
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  // The editor is made once; these are the newest.
  const calls = useRef({ onChange, onRun })
  useEffect(() => {
    calls.current = { onChange, onRun }
  })
  const first = useRef({ text, language })

  useEffect(() => {
    if (!host.current) return
    const run = () => {
      calls.current.onRun()
      return true
    }
    // In a shadow tree the editor's styles are adopted style sheets. In the document they would be written into a
    // style element, which the content security policy forbids.
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' })
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: first.current.text,
        extensions: [
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run }, { key: 'Shift-Enter', run }])),
          lineNumbers(),
          highlightActiveLineGutter(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          queryUnderCaret,
          kql(),
          intelligence(first.current.language),
          EditorState.phrases.of(phrases),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': texts.editor.label, 'aria-multiline': 'true' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString())
          }),
          placeholder(texts.editor.placeholder),
          // Tab leaves the editor, as it leaves every field; it is not bound.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
          look,
        ],
      }),
    })
    view.current = made
    return () => {
      made.destroy()
      view.current = undefined
    }
  }, [])

  useEffect(() => {
    const it = view.current
    if (!it || it.state.doc.toString() === text) return
    it.dispatch({ changes: { from: 0, to: it.state.doc.length, insert: text }, selection: { anchor: text.length } })
  }, [text])

  useImperativeHandle(ref, () => ({
    insert: (inserted) => {
      const it = view.current
      if (!it) return
      const { from, to } = it.state.selection.main
      const before = it.state.sliceDoc(Math.max(0, from - 1), from)
      const after = it.state.sliceDoc(to, to + 1)
      const words = `${/\w/.test(before) ? ' ' : ''}${inserted}${/\w/.test(after) ? ' ' : ''}`
      it.dispatch({ changes: { from, to, insert: words }, selection: { anchor: from + words.length }, scrollIntoView: true })
      it.focus()
    },
    toRun: () => {
      const it = view.current
      if (!it) return undefined
      const { from, to } = it.state.selection.main
      return toRun(it.state.doc.toString(), from, to)?.text
    },
    goTo: (query, line, column) => {
      const it = view.current
      if (!it) return
      const start = it.state.doc.toString().indexOf(query)
      if (start < 0) return
      const lines = query.split('\n')
      const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
      // Columns count characters, places in the text count UTF-16 units.
      const within = [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length
      it.dispatch({ selection: { anchor: Math.min(start + before + within, it.state.doc.length) }, scrollIntoView: true })
      it.focus()
    },
    focus: () => view.current?.focus(),
  }))

  return <div ref={host} className={styles.root} />
}
