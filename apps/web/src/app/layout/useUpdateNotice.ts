import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from '@/ui/toast'

/** Registers the service worker, and says so when it has fetched a newer version of the app. */
export function useUpdateNotice(): void {
  const { t } = useTranslation()
  useEffect(() => {
    if (!import.meta.env.PROD) return
    void import('virtual:pwa-register').then(({ registerSW }) => {
      const update = registerSW({
        onNeedRefresh: () =>
          toast({
            text: t('update.text'),
            timeout: 0,
            action: { label: t('update.action'), run: () => void update(true) },
          }),
      })
    })
    // oxlint-disable-next-line react/exhaustive-deps -- registered once; the words are looked up when they are needed
  }, [])
}
