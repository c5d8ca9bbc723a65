import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, tokens } from '@fluentui/react-components'

import { isNoGeneration, problemFrom } from '@/api/problem'

import { ButtonLink } from './AppLink'
import { EmptyState } from './EmptyState'
import { texts } from './texts'

const useStyles = makeStyles({
  // The whole text is shown: what to do must not be cut off.
  bar: { marginTop: tokens.spacingVerticalS, marginBottom: tokens.spacingVerticalS },
})

/** What happened, what to do, and a button to try again. That nothing was imported yet is no error: files are. */
export function ProblemMessage({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const styles = useStyles()
  const problem = problemFrom(error)
  if (isNoGeneration(error)) {
    return (
      <EmptyState
        title={problem.title}
        actions={
          <ButtonLink to="/sources" appearance="primary">
            {texts.addFiles}
          </ButtonLink>
        }
      >
        {problem.detail}
      </EmptyState>
    )
  }
  return (
    <MessageBar intent="error" layout="multiline" politeness="assertive" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>{problem.title}</MessageBarTitle>
        {problem.detail}
      </MessageBarBody>
      {onRetry ? (
        <MessageBarActions>
          <Button onClick={onRetry}>{texts.tryAgain}</Button>
        </MessageBarActions>
      ) : null}
    </MessageBar>
  )
}
