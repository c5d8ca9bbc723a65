// Takes assets, steps or techniques out, and shows which attack paths would be left. The question is the address.

import { Button, makeStyles, tokens, Tooltip } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'

import { useCancelJob, useWhatIf } from '@/api/mutations'
import { isProblem } from '@/api/problem'
import { queries } from '@/api/queries'
import type { WhatIfReport } from '@/api/types'
import { hasEnded, JobProgress } from '@/components/JobProgress'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { useUrl } from '@/lib/search'

import { Choices } from './Choices'
import { Result } from './Result'
import { isQuestion, questionOf, validateWhatIfSearch, type WhatIfSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, marginTop: tokens.spacingVerticalL },
})

const permission = 'run-jobs'

export function WhatIfPage() {
  const styles = useStyles()
  const [search, change] = useUrl(validateWhatIfSearch)
  const session = useQuery(queries.session())
  const whatIf = useWhatIf()
  const job = useQuery({ ...queries.job(search.job ?? ''), enabled: search.job !== undefined })
  const isRunning = whatIf.isPending || (job.data !== undefined && !hasEnded(job.data))
  const mayRun = session.data?.permissions.includes(permission) ?? false
  const why = !isQuestion(search) ? texts.nothing : isRunning ? texts.running : mayRun ? undefined : texts.role

  const { mutate } = whatIf
  const run = () =>
    mutate(questionOf(search), {
      onSuccess: (started) => change({ job: started.id, run: undefined }),
      onError: () => change({ run: undefined }),
    })
  // A link from another page has asked already; the address then has the job, so that loading it asks no second time.
  const hasRun = useRef(false)
  useEffect(() => {
    if (!search.run || !mayRun || hasRun.current || !isQuestion(search)) return
    hasRun.current = true
    run()
  })

  return (
    <Page title={texts.whatIf.title} description={texts.whatIf.description}>
      <Section title={texts.choose} description={texts.chooseHint}>
        <Choices search={search} change={change} />
        <div className={styles.actions}>
          <RunButton why={why} isAgain={job.data !== undefined} onRun={run} />
          {isQuestion(search) ? (
            <Button
              appearance="subtle"
              onClick={() => change({ assets: undefined, edges: undefined, techniques: undefined, job: undefined })}
            >
              {texts.clear}
            </Button>
          ) : null}
        </div>
        {whatIf.error ? <ProblemMessage error={whatIf.error} /> : null}
      </Section>
      {search.job ? <Answer id={search.job} search={search} change={change} /> : null}
    </Page>
  )
}

function RunButton({ why, isAgain, onRun }: { why: string | undefined; isAgain: boolean; onRun: () => void }) {
  const button = (
    <Button appearance="primary" disabledFocusable={why !== undefined} onClick={onRun}>
      {isAgain ? texts.again : texts.run}
    </Button>
  )
  if (why === undefined) return button
  return (
    <Tooltip content={why} relationship="description">
      {button}
    </Tooltip>
  )
}

function Answer({
  id,
  search,
  change,
}: {
  id: string
  search: WhatIfSearch
  change: (changes: { list?: WhatIfSearch['list'] | undefined }) => void
}) {
  const query = useQuery(queries.job(id))
  const cancel = useCancelJob()
  if (isProblem(query.error, 404)) {
    return (
      <Section title={texts.result}>
        <p>{texts.lost}</p>
      </Section>
    )
  }
  if (query.error) return <ProblemMessage error={query.error} onRetry={() => void query.refetch()} />
  const job = query.data
  if (!job) return <PageLoading what={texts.result.toLowerCase()} />
  if (job.state === 'done' && job.result) {
    return <Result report={job.result as WhatIfReport} list={search.list} onList={(list) => change({ list })} />
  }
  return (
    <Section title={texts.progress}>
      <JobProgress job={job} onCancel={() => cancel.mutate(id)} />
      {job.state === 'cancelled' || job.state === 'interrupted' ? <p>{texts.cancelled}</p> : null}
      {cancel.error ? <ProblemMessage error={cancel.error} /> : null}
    </Section>
  )
}
