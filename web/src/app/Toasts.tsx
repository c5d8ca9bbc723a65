import { Toast, ToastBody, Toaster, ToastTitle, useToastController } from '@fluentui/react-components'
import { useEffect } from 'react'

import { onToast, takeToasts } from '@/components/toasts'

const toasterId = 'toaster'
const errorMs = 10_000

export default function Toasts() {
  const { dispatchToast } = useToastController(toasterId)
  useEffect(
    () =>
      onToast(() => {
        for (const { intent, title, detail } of takeToasts()) {
          dispatchToast(
            <Toast>
              <ToastTitle>{title}</ToastTitle>
              {detail ? <ToastBody>{detail}</ToastBody> : null}
            </Toast>,
            intent === 'error' ? { intent, timeout: errorMs } : { intent },
          )
        }
      }),
    [dispatchToast],
  )
  return <Toaster toasterId={toasterId} position="bottom-end" pauseOnHover />
}
