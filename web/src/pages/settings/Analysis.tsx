// Settings that change an answer. The catalog documents each and says its default.

import { Button, Field, Input, makeStyles, Switch, Text, tokens, Tooltip } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { useChangeSetting } from '@/api/mutations'
import { useMay } from '@/api/permission'
import { queries } from '@/api/queries'
import type { Setting } from '@/api/types'
import { Label } from '@/components/Badges'
import { PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'
import { capital } from '@/lib/format'
import { narrow } from '@/lib/useMedia'

import { texts } from './texts'

const useStyles = makeStyles({
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    '> li:not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  },
  row: {
    display: 'flex',
    alignItems: 'flex-start',
    justifyContent: 'space-between',
    columnGap: tokens.spacingHorizontalXXL,
    padding: `${tokens.spacingVerticalM} 0`,
    [narrow]: { flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  },
  words: { display: 'flex', flexDirection: 'column', minWidth: 0, rowGap: tokens.spacingVerticalXXS },
  head: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground2, maxWidth: '80ch' },
  control: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS, flexShrink: 0 },
  number: { width: '110px' },
})

export function Analysis() {
  const styles = useStyles()
  const query = useQuery(queries.settings())
  if (query.isPending) return <PageLoading what={texts.analysis.title.toLowerCase()} />
  if (query.error && !query.data) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  return (
    <Section title={texts.analysis.title} description={texts.analysis.description}>
      <ul className={styles.list}>
        {query.data?.items.map((it) => (
          // A value that somebody else changes comes into the field.
          <li key={`${it.id} ${String(it.value)}`}>
            <Row setting={it} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

const titleOf = (setting: Setting) => setting.title || capital(setting.id.replaceAll('-', ' '))

const words = (value: boolean | number) =>
  typeof value === 'boolean' ? (value ? texts.analysis.on : texts.analysis.off) : String(value)

function Row({ setting }: { setting: Setting }) {
  const styles = useStyles()
  const { may, why } = useMay('manage-settings')
  const change = useChangeSetting()
  const title = titleOf(setting)
  const set = (value: boolean | number | null) =>
    change.mutate(
      { id: setting.id, value },
      { onSuccess: () => toast.done(texts.analysis.pending(title)), onError: toast.failed },
    )
  return (
    <div className={styles.row}>
      <div className={styles.words}>
        <span className={styles.head}>
          <Text weight="semibold">{title}</Text>
          {setting.is_set ? <Label look="brand">{texts.analysis.byHand}</Label> : null}
        </span>
        <Text className={styles.quiet}>{setting.description}</Text>
        <Text size={200} className={styles.quiet}>
          {texts.analysis.default(words(setting.default))} {why}
        </Text>
      </div>
      <div className={styles.control}>
        {typeof setting.value === 'boolean' ? (
          <Switch
            aria-label={title}
            checked={setting.value}
            disabled={!may || change.isPending}
            onChange={(_, data) => set(data.checked)}
          />
        ) : (
          <NumberField setting={setting} title={title} isDisabled={!may || change.isPending} onSave={set} />
        )}
        {setting.is_set && may ? (
          <Tooltip content={texts.analysis.default(words(setting.default))} relationship="description">
            <Button size="small" onClick={() => set(null)}>
              {texts.analysis.reset}
            </Button>
          </Tooltip>
        ) : null}
      </div>
    </div>
  )
}

function NumberField({
  setting,
  title,
  isDisabled,
  onSave,
}: {
  setting: Setting
  title: string
  isDisabled: boolean
  onSave: (value: number) => void
}) {
  const styles = useStyles()
  const [text, setText] = useState(String(setting.value))
  const value = Number(text)
  const { range } = setting
  const isWrong =
    text.trim() === '' || !Number.isInteger(value) || (range ? value < range.min || value > range.max : value < 0)
  return (
    <form
      className={styles.control}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isWrong) onSave(value)
      }}
    >
      <Field
        validationState={isWrong ? 'error' : 'none'}
        {...(isWrong && range ? { validationMessage: texts.analysis.range(range.min, range.max) } : {})}
      >
        <Input
          className={styles.number}
          aria-label={title}
          inputMode="numeric"
          value={text}
          disabled={isDisabled}
          onChange={(_, data) => setText(data.value)}
        />
      </Field>
      {value === setting.value ? null : (
        <Button size="small" type="submit" appearance="primary" disabled={isWrong || isDisabled}>
          {texts.analysis.save}
        </Button>
      )}
    </form>
  )
}
