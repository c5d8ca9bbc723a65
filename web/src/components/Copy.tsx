import { Button, makeStyles, tokens, Tooltip } from '@fluentui/react-components'
import { useEffect, useState } from 'react'

import { CheckIcon, CopyIcon } from './icons'
import { texts } from './texts'
import { toast } from './toasts'

const copiedMs = 1500

const useStyles = makeStyles({
  button: { minWidth: 'auto', height: '20px', width: '20px', padding: 0 },
  row: { display: 'inline-flex', alignItems: 'center', columnGap: tokens.spacingHorizontalXS, maxWidth: '100%' },
  value: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
})

/** A button that copies `value`; `what` names it, as in `Copy the id`. */
export function Copy({ value, what }: { value: string; what: string }) {
  const styles = useStyles()
  const [isCopied, setIsCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setIsCopied(false), copiedMs)
    return () => clearTimeout(timer)
  }, [isCopied])
  const label = isCopied ? texts.copied : texts.copy(what)
  return (
    <Tooltip content={label} relationship="label">
      <Button
        appearance="transparent"
        size="small"
        className={styles.button}
        icon={isCopied ? <CheckIcon /> : <CopyIcon />}
        onClick={(event) => {
          event.stopPropagation()
          navigator.clipboard.writeText(value).then(
            () => setIsCopied(true),
            () => toast.failed(new Error(texts.notCopied)),
          )
        }}
      />
    </Tooltip>
  )
}

/** An id or address in the type of machines, with its copy button. */
export function CopyText({ value, what }: { value: string; what: string }) {
  const styles = useStyles()
  return (
    <span className={styles.row}>
      <span className={styles.value} title={value}>
        {value}
      </span>
      <Copy value={value} what={what} />
    </span>
  )
}
