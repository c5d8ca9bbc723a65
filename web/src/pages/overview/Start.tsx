import type { ReactNode } from 'react'

import { isNoGeneration } from '@/api/problem'
import { ButtonLink } from '@/components/AppLink'
import { EmptyState } from '@/components/EmptyState'
import { UploadIcon } from '@/components/icons'

import { texts } from './texts'

/** What a page shows before anything was read; any other trouble is for `children` to tell. */
export function Start({ error, children }: { error: unknown; children: ReactNode }) {
  if (!isNoGeneration(error)) return children
  return (
    <EmptyState
      icon={UploadIcon}
      title={texts.start.title}
      actions={
        <ButtonLink to="/sources" appearance="primary">
          {texts.start.action}
        </ButtonLink>
      }
    >
      {texts.start.hint}
    </EmptyState>
  )
}
