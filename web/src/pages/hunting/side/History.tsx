import { Button } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { useClearHistory } from '@/api/mutations'
import { queries } from '@/api/queries'
import { Age } from '@/components/Age'
import { Confirm } from '@/components/Confirm'
import { PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'

import { seconds } from '../seconds'
import { texts } from '../texts'
import { QueryGroup, QueryItem, SideHint } from './QueryList'

export function History({ onOpen }: { onOpen: (query: string) => void }) {
  const { data, error, refetch } = useQuery(queries.huntHistory())
  const clear = useClearHistory()
  const [isAsking, setIsAsking] = useState(false)
  if (error) return <ProblemMessage error={error} onRetry={() => void refetch()} />
  if (!data) return <PageLoading what={texts.history.what} />
  return (
    <div>
      <SideHint>{data.items.length === 0 ? texts.history.empty : texts.history.hint}</SideHint>
      {data.items.length === 0 ? null : (
        <>
          <QueryGroup title={texts.side.tabs.history}>
            {data.items.map((it) => (
              <QueryItem
                key={it.started_at}
                label={texts.history.open(it.query)}
                code={it.query}
                detail={
                  <>
                    <Age at={it.started_at} /> · {texts.history.outcome[it.outcome]}
                    {it.rows === null ? null : ` · ${texts.history.detail(it.rows, seconds(it.wall_ms))}`}
                  </>
                }
                onOpen={() => onOpen(it.query)}
              />
            ))}
          </QueryGroup>
          <Button size="small" appearance="subtle" onClick={() => setIsAsking(true)}>
            {texts.history.clear}
          </Button>
        </>
      )}
      <Confirm
        isOpen={isAsking}
        title={texts.history.clearTitle}
        action={texts.history.clear}
        isPending={clear.isPending}
        error={clear.error}
        onConfirm={() => clear.mutate(undefined, { onSuccess: () => setIsAsking(false) })}
        onClose={() => setIsAsking(false)}
      >
        {texts.history.clearBody}
      </Confirm>
    </div>
  )
}
