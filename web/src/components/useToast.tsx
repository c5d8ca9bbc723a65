import { Toast, ToastBody, ToastTitle, useToastController } from '@fluentui/react-components'
import { useMemo } from 'react'

import { problemFrom } from './ProblemMessage'

export const toasterId = 'postern-toaster'

/** Short words on what was done, or what went wrong, in the corner of the screen; screen readers say them. */
export function useToast() {
  const { dispatchToast } = useToastController(toasterId)
  return useMemo(
    () => ({
      done: (title: string, detail?: string) =>
        dispatchToast(
          <Toast>
            <ToastTitle>{title}</ToastTitle>
            {detail ? <ToastBody>{detail}</ToastBody> : null}
          </Toast>,
          { intent: 'success' },
        ),
      failed: (error: unknown) => {
        const problem = problemFrom(error)
        dispatchToast(
          <Toast>
            <ToastTitle>{problem.title}</ToastTitle>
            {problem.detail ? <ToastBody>{problem.detail}</ToastBody> : null}
          </Toast>,
          { intent: 'error', timeout: 10_000 },
        )
      },
    }),
    [dispatchToast],
  )
}
