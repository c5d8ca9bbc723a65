import { Button, Field, Input, makeStyles, MessageBar, MessageBarBody, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { useChangePassword } from '@/api/mutations'
import { queries } from '@/api/queries'
import { texts } from '@/app/texts'
import { Page, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'

/** The server refuses shorter ones; saying so before saves a round. */
const charactersMin = 12

const useStyles = makeStyles({
  form: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'stretch',
    rowGap: tokens.spacingVerticalL,
    maxWidth: '360px',
  },
  action: { alignSelf: 'flex-start' },
})

export function PasswordPage() {
  const styles = useStyles()
  const session = useQuery(queries.session())
  const changePassword = useChangePassword()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [isSubmitted, setIsSubmitted] = useState(false)
  const isShort = [...next].length < charactersMin
  const differs = next !== again
  return (
    <Page title={texts.password.title} description={texts.password.description}>
      {session.data?.must_change_password ? (
        <MessageBar intent="warning">
          <MessageBarBody>{texts.password.must}</MessageBarBody>
        </MessageBar>
      ) : null}
      <Section title={texts.password.title} isTitleHidden>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            setIsSubmitted(true)
            if (isShort || differs) return
            changePassword.mutate(
              { current, new: next },
              {
                onSuccess: () => {
                  toast.done(texts.password.done)
                  setCurrent('')
                  setNext('')
                  setAgain('')
                  setIsSubmitted(false)
                },
              },
            )
          }}
        >
          {changePassword.error ? <ProblemMessage error={changePassword.error} /> : null}
          <Field label={texts.password.current} required>
            <Input
              type="password"
              autoComplete="current-password"
              value={current}
              onChange={(_, data) => setCurrent(data.value)}
            />
          </Field>
          <Field
            label={texts.password.next}
            hint={texts.password.hint}
            required
            {...(isSubmitted && isShort ? { validationMessage: texts.password.short } : {})}
          >
            <Input
              type="password"
              autoComplete="new-password"
              value={next}
              onChange={(_, data) => setNext(data.value)}
            />
          </Field>
          <Field
            label={texts.password.again}
            required
            {...(isSubmitted && differs ? { validationMessage: texts.password.differ } : {})}
          >
            <Input
              type="password"
              autoComplete="new-password"
              value={again}
              onChange={(_, data) => setAgain(data.value)}
            />
          </Field>
          <Button
            type="submit"
            appearance="primary"
            className={styles.action}
            disabledFocusable={changePassword.isPending}
          >
            {texts.password.action}
          </Button>
        </form>
      </Section>
    </Page>
  )
}
