import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import { EmptyState } from '@/components/EmptyState'
import { Page, PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'

import { ChangeCounts, ChangedInputs, ChangeList, TargetChanges } from './Changes'
import { texts } from './texts'

const useStyles = makeStyles({
  body: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

export function ChangesPage() {
  const styles = useStyles()
  const query = useQuery(queries.changes())
  const changes = query.data
  return (
    <Page title={texts.changes.title} description={texts.changes.description}>
      {query.isPending ? <PageLoading what={texts.changes.title.toLowerCase()} /> : null}
      {query.error && !changes ? <ProblemMessage error={query.error} onRetry={() => void query.refetch()} /> : null}
      {changes && !changes.previous ? <EmptyState title={texts.change.first} /> : null}
      {changes?.previous ? (
        <>
          <Section title={texts.change.since(changes.previous)}>
            <div className={styles.body}>
              <ChangeCounts changes={changes} />
              <TargetChanges changes={changes} />
              <ChangedInputs inputs={changes.inputs} />
            </div>
          </Section>
          <Section
            title={texts.change.columns.path}
            description={
              changes.total > changes.items.length
                ? texts.change.shown(changes.items.length, changes.total)
                : undefined
            }
          >
            {changes.items.length > 0 ? (
              <ChangeList items={changes.items} />
            ) : (
              <Text>{texts.change.none}</Text>
            )}
          </Section>
        </>
      ) : null}
    </Page>
  )
}
