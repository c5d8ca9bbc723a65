import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { useSignIn } from '@/api/mutations'
import { isOwnAddress } from '@/app/routes'
import { Logo } from '@/app/Logo'
import { texts } from '@/app/texts'
import { ProblemMessage } from '@/components/ProblemMessage'

const useStyles = makeStyles({
  main: { display: 'grid', placeItems: 'center', minHeight: '100vh', padding: tokens.spacingHorizontalL },
  card: {
    width: '380px',
    maxWidth: '100%',
    boxSizing: 'border-box',
    padding: tokens.spacingHorizontalXXXL,
    borderRadius: tokens.borderRadiusXLarge,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow8,
  },
  form: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  head: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalM },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: tokens.fontWeightSemibold,
  },
  hint: { margin: 0, color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const styles = useStyles()
  const router = useRouter()
  const { to } = route.useSearch()
  const signIn = useSignIn()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const nameField = useRef<HTMLInputElement>(null)
  const passwordField = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = `${texts.signIn.title} · ${texts.product}`
    nameField.current?.focus()
  }, [])
  return (
    <main className={styles.main}>
      <div className={styles.card}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            signIn.mutate(
              { name: name.trim(), password },
              {
                onSuccess: () => router.history.replace(to && isOwnAddress(to) ? to : '/'),
                onError: () => passwordField.current?.select(),
              },
            )
          }}
        >
          <div className={styles.head}>
            <Logo size={36} />
            <h1 className={styles.title}>{texts.signIn.welcome}</h1>
          </div>
          {signIn.error ? <ProblemMessage error={signIn.error} /> : null}
          <Field label={texts.signIn.name} required>
            <Input
              ref={nameField}
              name="name"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={name}
              onChange={(_, data) => setName(data.value)}
            />
          </Field>
          <Field label={texts.signIn.password} required>
            <Input
              ref={passwordField}
              name="password"
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(_, data) => setPassword(data.value)}
            />
          </Field>
          <Button type="submit" appearance="primary" disabledFocusable={signIn.isPending}>
            {signIn.isPending ? texts.signIn.pending : texts.signIn.action}
          </Button>
          <p className={styles.hint}>{texts.signIn.hint}</p>
        </form>
      </div>
    </main>
  )
}
