import { Share2 } from 'lucide'
import { useTranslation } from 'react-i18next'
import { IconButton } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { toast } from '@/ui/toast'

/** By what the device shares with; else the link is copied. Neither exists where the page came over plain HTTP. */
export function ShareButton({ title }: { title: string }) {
  const { t } = useTranslation('book')
  const device = navigator as Partial<Pick<Navigator, 'share' | 'clipboard'>>
  if (!device.share && !device.clipboard) return null
  const share = async () => {
    const url = location.origin + location.pathname
    if (device.share) {
      // Refusing to choose is no failure.
      await navigator.share({ title, url }).catch(() => {})
    } else if (device.clipboard) {
      await navigator.clipboard.writeText(url)
      toast({ text: t('page.copied') })
    }
  }
  return (
    <IconButton label={t('page.share')} onClick={() => void share()} className="-mr-2 text-soft">
      <Icon of={Share2} className="size-5" />
    </IconButton>
  )
}
