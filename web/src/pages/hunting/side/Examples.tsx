import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import { PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'

import { texts } from '../texts'
import { QueryGroup, QueryItem, SideHint } from './QueryList'

export function Examples({ onOpen }: { onOpen: (query: string) => void }) {
  const { data, error, refetch } = useQuery(queries.huntExamples())
  if (error) return <ProblemMessage error={error} onRetry={() => void refetch()} />
  if (!data) return <PageLoading what={texts.examples.what} />
  const groups = [...new Set(data.items.map((it) => it.group))]
  return (
    <div>
      <SideHint>{texts.examples.hint}</SideHint>
      {groups.map((group) => (
        <QueryGroup key={group} title={group}>
          {data.items
            .filter((it) => it.group === group)
            .map((it) => (
              <QueryItem
                key={it.id}
                label={texts.examples.open(it.title)}
                title={it.title}
                detail={it.description}
                onOpen={() => onOpen(it.query)}
              />
            ))}
        </QueryGroup>
      ))}
    </div>
  )
}
