// Imports and builds: those that run, with progress and a way to stop them, and those that ended last.

import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { useCancelJob } from '@/api/mutations'
import { useMay } from '@/api/permission'
import { queries } from '@/api/queries'
import type { BuildResult, ImportResult, Job } from '@/api/types'
import { Age } from '@/components/Age'
import { AppLink } from '@/components/AppLink'
import { hasEnded, JobProgress } from '@/components/JobProgress'
import { Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'

import { texts } from './texts'

/** So many of those that ended are shown. */
const endedShown = 5

const useStyles = makeStyles({
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    '> li': { padding: `${tokens.spacingVerticalM} 0`, display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
    '> li:first-child': { paddingTop: 0 },
    '> li:last-child': { paddingBottom: 0 },
    '> li:not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  },
  quiet: { color: tokens.colorNeutralForeground2 },
  rejects: { margin: 0, paddingLeft: tokens.spacingHorizontalL, overflowWrap: 'anywhere' },
})

export function Work() {
  const styles = useStyles()
  const query = useQuery(queries.jobs())
  const cancel = useCancelJob()
  const { may } = useMay('run-jobs')
  const jobs = (query.data?.items ?? []).filter((it) => it.kind !== 'what-if')
  const going = jobs.filter((it) => !hasEnded(it))
  const ended = jobs.filter(hasEnded).slice(0, endedShown)
  if (query.error && !query.data) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  if (going.length + ended.length === 0) return null
  return (
    <Section title={texts.jobs.title} description={texts.jobs.description}>
      <ul className={styles.list}>
        {[...going, ...ended].map((job) => (
          <li key={job.id}>
            <JobProgress
              job={job}
              onCancel={may ? () => cancel.mutate(job.id, { onError: toast.failed }) : undefined}
            />
            <Outcome job={job} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Outcome({ job }: { job: Job }) {
  const styles = useStyles()
  if (!hasEnded(job)) return null
  return (
    <>
      {job.state === 'cancelled' && job.kind === 'import' ? (
        <Text size={200} className={styles.quiet}>
          {texts.jobs.cancelled}
        </Text>
      ) : null}
      {job.state === 'done' && job.kind === 'build' ? <Built result={job.result as BuildResult} /> : null}
      {job.state === 'done' && job.kind === 'import' ? <Imported result={job.result as ImportResult} /> : null}
      <Text size={200} className={styles.quiet}>
        {job.created_by}, <Age at={job.ended_at} />
      </Text>
    </>
  )
}

function Built({ result }: { result: BuildResult }) {
  return (
    <Text size={200}>
      {result.is_new ? texts.jobs.built(result.generation) : texts.jobs.same(result.generation)}.{' '}
      <AppLink to="/">Overview</AppLink>
    </Text>
  )
}

function Imported({ result }: { result: ImportResult }) {
  const styles = useStyles()
  const taken = result.files.filter((it) => it.format)
  const sum = (value: (file: ImportResult['files'][number]) => number) => taken.reduce((total, it) => total + value(it), 0)
  const known = taken.filter((it) => it.is_known).length
  const rejected = result.files.reduce((total, it) => total + it.rejects_total, 0)
  const rejects = result.files.flatMap((file) => file.rejects.map((reject) => ({ file: file.path, ...reject })))
  return (
    <>
      <Text size={200}>
        {texts.jobs.taken(
          taken.length,
          sum((it) => it.objects),
          sum((it) => it.relations),
          sum((it) => it.findings),
        )}
        {known > 0 ? `; ${texts.jobs.known(known)}` : null}
        {rejected > 0 ? `; ${texts.jobs.rejects(rejected)}` : null}
      </Text>
      {rejects.length > 0 ? (
        <details>
          <summary>{texts.jobs.rejected}</summary>
          <ul className={styles.rejects}>
            {rejects.map((it) => (
              <li key={`${it.file} ${it.position} ${it.reason}`}>
                {it.file}
                {it.position ? `, ${it.position}` : null}: {it.reason}
              </li>
            ))}
          </ul>
          {rejected > rejects.length ? texts.jobs.moreRejects(rejected - rejects.length) : null}
        </details>
      ) : null}
    </>
  )
}
