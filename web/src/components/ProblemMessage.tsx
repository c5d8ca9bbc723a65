import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, tokens } from '@fluentui/react-components'

import { isNoGeneration, problemFrom } from '@/api/problem'

import { NothingImported } from './NothingImported'
import { texts } from './texts'

const useStyles = makeStyles({
  // The whole text is shown: what to do must not be cut off.
  bar: { marginTop: tokens.spacingVerticalS, marginBottom: tokens.spacingVerticalS },
})

/** What happened, what to do, and a button to try again. Before the first import there is no error, but files to add. */
export function ProblemMessage({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const styles = useStyles()
  const problem = problemFrom(error)
  if (isNoGeneration(error)) return <NothingImported />
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
