import { Button, Field, Input, makeStyles, mergeClasses, ProgressBar, Text, tokens, Tooltip } from '@fluentui/react-components'
import { useRef, useState, type DragEvent } from 'react'

import { useMay } from '@/api/permission'
import type { Chosen } from '@/api/upload'
import { UploadIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { texts as shared } from '@/components/texts'
import { toast } from '@/components/toasts'
import { size } from '@/lib/format'
import { narrow } from '@/lib/useMedia'

import { chosenOf, droppedFiles } from './dropped'
import { texts } from './texts'
import { send, useSending } from './uploads'

const useStyles = makeStyles({
  zone: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXL,
    rowGap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXL}`,
    border: `${tokens.strokeWidthThick} dashed ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground2,
    [narrow]: { flexDirection: 'column', alignItems: 'flex-start' },
  },
  over: { border: `${tokens.strokeWidthThick} dashed ${tokens.colorBrandStroke1}`, backgroundColor: tokens.colorBrandBackground2 },
  icon: { fontSize: '32px', color: tokens.colorNeutralForeground3, flexShrink: 0 },
  words: { display: 'flex', flexDirection: 'column', flexGrow: 1, minWidth: 0 },
  hint: { color: tokens.colorNeutralForeground2 },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, flexShrink: 0 },
  name: { maxWidth: '420px', marginTop: tokens.spacingVerticalM },
  hidden: { display: 'none' },
  sending: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS, flexGrow: 1, minWidth: 0 },
  row: { display: 'flex', alignItems: 'center', justifyContent: 'space-between', columnGap: tokens.spacingHorizontalM },
})

/** Where files come in: by drop, by choice of files, by choice of a folder. */
export function DropZone() {
  const styles = useStyles()
  const { may, why } = useMay('import-data')
  const sending = useSending()
  const [source, setSource] = useState('')
  const [isOver, setOver] = useState(false)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const isReady = may && !sending

  const take = (chosen: Chosen[]) => {
    if (chosen.length === 0) {
      toast.failed(new Error(texts.drop.nothing))
      return
    }
    void send(chosen, source.trim() || undefined)
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    if (isReady) void droppedFiles(event.dataTransfer.items).then(take, toast.failed)
  }
  const choose = (input: HTMLInputElement) => {
    take(chosenOf(input.files ?? []))
    // The same files can be chosen again.
    input.value = ''
  }

  return (
    <Section title={texts.drop.title}>
      <div
        className={mergeClasses(styles.zone, isOver && styles.over)}
        onDragOver={(event) => {
          event.preventDefault()
          if (isReady) setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <UploadIcon className={styles.icon} aria-hidden />
        {sending ? (
          <div className={styles.sending}>
            <div className={styles.row}>
              <Text weight="semibold">{texts.drop.sending(sending.files)}</Text>
              <Button size="small" onClick={sending.cancel}>
                {shared.cancel}
              </Button>
            </div>
            <ProgressBar
              thickness="large"
              aria-label={texts.drop.sending(sending.files)}
              value={sending.totalBytes > 0 ? sending.sentBytes / sending.totalBytes : 0}
            />
            <Text size={200} className={styles.hint}>
              {shared.job.bytes(size(sending.sentBytes), size(sending.totalBytes))}
            </Text>
          </div>
        ) : (
          <>
            <div className={styles.words}>
              <Text weight="semibold">{isOver ? texts.drop.release : texts.drop.words}</Text>
              <Text size={200} className={styles.hint}>
                {why ?? texts.drop.hint}
              </Text>
            </div>
            <div className={styles.buttons}>
              <Why why={why}>
                <Button appearance="primary" disabledFocusable={!may} onClick={() => files.current?.click()}>
                  {texts.drop.files}
                </Button>
              </Why>
              <Why why={why}>
                <Button disabledFocusable={!may} onClick={() => folder.current?.click()}>
                  {texts.drop.folder}
                </Button>
              </Why>
            </div>
          </>
        )}
      </div>
      <input
        ref={files}
        className={styles.hidden}
        type="file"
        multiple
        aria-label={texts.drop.files}
        onChange={(event) => choose(event.target)}
      />
      <input
        ref={folder}
        className={styles.hidden}
        type="file"
        {...{ webkitdirectory: '' }}
        aria-label={texts.drop.folder}
        onChange={(event) => choose(event.target)}
      />
      <Field className={styles.name} label={texts.drop.name} hint={texts.drop.nameHint}>
        <Input value={source} maxLength={200} disabled={!isReady} onChange={(_, data) => setSource(data.value)} />
      </Field>
    </Section>
  )
}

function Why({ why, children }: { why: string | undefined; children: React.ReactElement }) {
  if (!why) return children
  return (
    <Tooltip content={why} relationship="description">
      {children}
    </Tooltip>
  )
}
