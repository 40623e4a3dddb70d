import { Link2Off, MailX } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { isNotFound } from '@/api/problem'
import { Button, LinkButton } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { useUnsubscribe } from './commands'
import { DoorMessage, DoorPage } from './DoorPage'

/** Where the small print of a letter leads. Programs that look for malice follow links: only the button changes something. */
export default function UnsubscribePage() {
  const { t } = useTranslation('account')
  const [search] = useSearchParams()
  const token = search.get('token') ?? ''
  const { run, pending, done, problem } = useUnsubscribe()
  // The host alone knows whether it is one of ours.
  const topic = t(`letters.stops.${token.split('.')[0] ?? ''}`, { defaultValue: t('letters.stops.any') })
  const choose = (
    <LinkButton variant="secondary" to="/account/notifications">
      {t('letters.chooseAll')}
    </LinkButton>
  )
  if (done)
    return (
      <DoorPage title={t('letters.stopped')}>
        <DoorMessage icon={<Icon of={MailX} className="size-7" />} action={choose}>
          <p>{t('letters.stoppedText', { topic })}</p>
        </DoorMessage>
      </DoorPage>
    )
  if (!token || isNotFound(problem))
    return (
      <DoorPage title={t('letters.noLink')}>
        <DoorMessage icon={<Icon of={Link2Off} className="size-7" />} action={choose}>
          <p>{t('letters.noLinkText')}</p>
        </DoorMessage>
      </DoorPage>
    )
  return (
    <DoorPage title={t('letters.stop')}>
      {problem ? (
        <ErrorState error={problem} onRetry={() => run(token)} />
      ) : (
        <DoorMessage
          icon={<Icon of={MailX} className="size-7" />}
          action={
            <>
              <Button pending={pending} onClick={() => run(token)}>
                {t('letters.stopDo')}
              </Button>
              {choose}
            </>
          }
        >
          <p>{t('letters.stopText', { topic })}</p>
        </DoorMessage>
      )}
    </DoorPage>
  )
}
