import { makeStyles, tokens } from '@fluentui/react-components'

import { piecesOf } from './explain'
import { texts } from './texts'

const useStyles = makeStyles({
  end: {
    padding: `0 ${tokens.spacingHorizontalXS}`,
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorNeutralBackground4,
    fontStyle: 'normal',
    whiteSpace: 'nowrap',
  },
})

/** A text of the catalog, with the ends of the step in words. */
export function Explained({ text }: { text: string }) {
  const styles = useStyles()
  return piecesOf(text).map((it) =>
    it.end ? (
      <em key={it.at} className={styles.end}>
        {texts.ends[it.end]}
      </em>
    ) : (
      it.text
    ),
  )
}
