import { useQueryErrorResetBoundary } from '@tanstack/react-query'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'

import { ButtonLink } from '@/components/AppLink'
import { EmptyState } from '@/components/EmptyState'
import { SearchIcon } from '@/components/icons'
import { Page } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'

import { texts } from './texts'

export function PageNotFound() {
  return (
    <Page title={texts.notFound.title}>
      <EmptyState
        icon={SearchIcon}
        title={texts.notFound.title}
        actions={
          <ButtonLink to="/" appearance="primary">
            {texts.notFound.home}
          </ButtonLink>
        }
      >
        {texts.notFound.hint}
      </EmptyState>
    </Page>
  )
}

export function PageFailed({ error }: ErrorComponentProps) {
  const router = useRouter()
  const { reset } = useQueryErrorResetBoundary()
  return (
    <Page title={texts.failed.title} description={texts.failed.hint}>
      <ProblemMessage
        error={error}
        onRetry={() => {
          reset()
          void router.invalidate()
        }}
      />
    </Page>
  )
}
