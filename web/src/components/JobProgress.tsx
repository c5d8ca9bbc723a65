import { Button, makeStyles, ProgressBar, Text, tokens, Tooltip } from '@fluentui/react-components'

import type { Job, JobState } from '@/api/types'
import { size } from '@/lib/format'

import { Label } from './Badges'
import { CloseIcon } from './icons'
import { texts } from './texts'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS, minWidth: 0 },
  head: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS, minWidth: 0 },
  title: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', flexGrow: 1 },
  words: {
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    columnGap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  file: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
})

const looks: Partial<Record<JobState, 'good' | 'critical' | 'medium' | 'brand'>> = {
  done: 'good',
  failed: 'critical',
  interrupted: 'medium',
  running: 'brand',
  receiving: 'brand',
}

export const hasEnded = (job: Job) => !['receiving', 'queued', 'running'].includes(job.state)

/** Between 0 and 1; undefined when nobody knows how much there is. */
export function shareDone({ progress, state }: Job) {
  if (state === 'done') return 1
  const { done_bytes: done, total_bytes: total } = progress
  return total ? Math.min(done / total, 1) : undefined
}

/** A job as it goes: phase, file, bytes, and how to stop it. */
export function JobProgress({ job, onCancel }: { job: Job; onCancel?: (() => void) | undefined }) {
  const styles = useStyles()
  const { progress } = job
  const isOver = hasEnded(job)
  const share = shareDone(job)
  return (
    <div className={styles.root}>
      <div className={styles.head}>
        <Text weight="semibold" className={styles.title} title={job.title}>
          {job.title}
        </Text>
        <Label look={looks[job.state] ?? 'quiet'}>{texts.job.states[job.state]}</Label>
        {onCancel && !isOver ? (
          <Tooltip content={texts.job.cancel(job.title)} relationship="label">
            <Button size="small" appearance="subtle" icon={<CloseIcon />} onClick={onCancel} />
          </Tooltip>
        ) : null}
      </div>
      {isOver ? null : (
        <ProgressBar
          aria-label={texts.job.progress(job.title)}
          thickness="large"
          {...(share === undefined ? {} : { value: share })}
        />
      )}
      {isOver ? (
        job.problem ? (
          <div className={styles.words}>
            <span>
              {job.problem.title} {job.problem.detail}
            </span>
          </div>
        ) : null
      ) : (
        <div className={styles.words} aria-live="polite">
          <span>
            {progress.phase}
            {progress.current_file ? (
              <>
                {' '}
                <span className={styles.file}>{progress.current_file}</span>
              </>
            ) : null}
          </span>
          {progress.done_bytes > 0 ? (
            <span aria-live="off">
              {progress.total_bytes
                ? texts.job.bytes(size(progress.done_bytes), size(progress.total_bytes))
                : size(progress.done_bytes)}
            </span>
          ) : null}
        </div>
      )}
    </div>
  )
}
