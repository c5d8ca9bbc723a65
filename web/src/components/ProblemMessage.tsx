import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, tokens } from '@fluentui/react-components'

import { problemFrom } from '@/api/problem'

import { texts } from './texts'

const useStyles = makeStyles({
  // The whole text is shown: what to do must not be cut off.
  bar: { marginTop: tokens.spacingVerticalS, marginBottom: tokens.spacingVerticalS },
})

/** What happened, what to do, and a button to try again. */
export function ProblemMessage({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const styles = useStyles()
  const problem = problemFrom(error)
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
