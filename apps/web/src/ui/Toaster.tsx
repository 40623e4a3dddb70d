import { Toast } from '@base-ui/react/toast'
import { CircleCheck, TriangleAlert, X } from 'lucide'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './Button'
import { Icon } from './Icon'
import { unsaid } from './toast'

const manager = Toast.createToastManager()

function speak() {
  const messages = unsaid.get()
  if (messages.length === 0) return
  unsaid.set([])
  for (const { text, tone = 'done', action, timeout } of messages) {
    const id = manager.add({
      title: text,
      type: tone,
      timeout: timeout ?? (tone === 'problem' ? 8000 : 5000),
      priority: tone === 'problem' ? 'high' : 'low',
      ...(action && {
        actionProps: {
          children: action.label,
          onClick() {
            manager.close(id)
            action.run()
          },
        },
      }),
    })
  }
}

/** Shows what `toast()` was given. */
export default function Toaster() {
  useEffect(() => {
    speak()
    return unsaid.subscribe(speak)
  }, [])
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-3 top-18 z-60 mx-auto flex max-w-md flex-col gap-2 outline-none sm:inset-x-auto sm:top-auto sm:right-6 sm:bottom-6 sm:w-96">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { t } = useTranslation()
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection={['up', 'right']}
      className="surface transition-opacity duration-200 data-ending-style:opacity-0 data-limited:hidden data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-center gap-3 py-1 pr-1 pl-4">
        {toast.type === 'problem' ? (
          <Icon of={TriangleAlert} className="size-5 shrink-0 text-late" />
        ) : (
          <Icon of={CircleCheck} className="size-5 shrink-0 text-free" />
        )}
        <Toast.Title render={<p />} className="min-w-0 flex-1 py-2 font-sans text-base font-normal" />
        {toast.actionProps && (
          <Toast.Action className="min-h-11 shrink-0 rounded-md px-3 font-medium text-ink hover:bg-sunken" />
        )}
        <Toast.Close
          render={
            <IconButton label={t('close')}>
              <Icon of={X} className="size-4" />
            </IconButton>
          }
        />
      </Toast.Content>
    </Toast.Root>
  ))
}
