import { makeStyles, tokens } from '@fluentui/react-components'

import { shortFile } from '@/lib/format'

const useStyles = makeStyles({ file: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' } })

/** A file without the folders it was imported from, which stand in the title. */
export function FileName({ path }: { path: string }) {
  return (
    <span className={useStyles().file} title={path}>
      {shortFile(path)}
    </span>
  )
}
