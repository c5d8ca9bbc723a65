import { EditorView } from '@codemirror/view'
import { tokens } from '@fluentui/react-components'

const popup = {
  backgroundColor: tokens.colorNeutralBackground1,
  color: tokens.colorNeutralForeground1,
  border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
  borderRadius: tokens.borderRadiusMedium,
  boxShadow: tokens.shadow16,
  fontFamily: tokens.fontFamilyBase,
  fontSize: tokens.fontSizeBase200,
}

const underline = (colour: string) => ({
  backgroundImage: 'none',
  textDecoration: `underline wavy ${colour} 1px`,
  textDecorationSkipInk: 'none',
  textUnderlineOffset: '3px',
})

/** All colours are tokens of the theme, which are variables: light and dark need no second theme. */
export const look = EditorView.theme({
  '&': {
    height: '100%',
    fontSize: tokens.fontSizeBase300,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: tokens.fontFamilyMonospace, lineHeight: '1.5', overflow: 'auto' },
  '.cm-content': { caretColor: tokens.colorNeutralForeground1, padding: `${tokens.spacingVerticalS} 0` },
  '.cm-cursor': { borderLeftColor: tokens.colorNeutralForeground1 },
  '.cm-gutters': {
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground3,
    borderRight: 'none',
  },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: tokens.colorNeutralForeground1 },
  '.cm-of-query': { backgroundColor: tokens.colorNeutralBackground2 },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: tokens.colorNeutralBackground1Selected,
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: tokens.colorNeutralBackground4,
    outline: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  '.cm-placeholder': { color: tokens.colorNeutralForeground3 },
  '.cm-lintRange-error': underline(tokens.colorPaletteRedForeground1),
  '.cm-lintRange-warning': underline(tokens.colorPaletteMarigoldForeground2),
  '.cm-lintRange-info, .cm-lintRange-hint': underline(tokens.colorBrandForeground1),
  '.cm-tooltip': { ...popup, maxWidth: '480px' },
  '.cm-diagnostic': { padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalS}` },
  '.cm-diagnostic-error': { borderLeftColor: tokens.colorPaletteRedForeground1 },
  '.cm-diagnostic-warning': { borderLeftColor: tokens.colorPaletteMarigoldForeground2 },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    maxHeight: '18em',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', lineHeight: '20px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    color: tokens.colorNeutralForeground1,
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: tokens.fontWeightSemibold },
  '.cm-completionDetail': { color: tokens.colorNeutralForeground3, fontStyle: 'normal' },
  '.cm-tooltip.cm-completionInfo': { ...popup, padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}` },
  '.cm-hover': { padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}` },
  '.cm-hover-title': { fontFamily: tokens.fontFamilyMonospace, fontWeight: tokens.fontWeightSemibold },
  '.cm-hover-text': { marginTop: tokens.spacingVerticalXXS, color: tokens.colorNeutralForeground2 },
})
