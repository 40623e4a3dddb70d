import { MailCheck, MailWarning } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Button } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { useResendProof } from './commands'
import { DoorMessage, DoorPage } from './DoorPage'

interface ProofMailProps {
  email: string
  /** The mail is on its way; else it was sent some time ago. */
  sent?: boolean
  back: { label: string; to: () => void }
}

/** Nobody has an account before the link of a mail proves the address. The page does not know who has one already. */
export function ProofMail({ email, sent: sentBefore = false, back }: ProofMailProps) {
  const { t } = useTranslation('account')
  const [sent, setSent] = useState(sentBefore)
  const resend = useResendProof({ said: t('proof.resent'), onDone: () => setSent(true) })
  return (
    <DoorPage
      title={sent ? t('forgot.sentTitle') : t('verify.title')}
      footer={
        <>
          {t('register.haveAccount')} <Link to="/forgot-password">{t('login.forgot')}</Link>
        </>
      }
    >
      <DoorMessage
        icon={<Icon of={sent ? MailCheck : MailWarning} className="size-7" />}
        action={
          <>
            <Button variant={sent ? 'secondary' : 'primary'} pending={resend.pending} onClick={() => resend.run(email)}>
              {t('proof.resend')}
            </Button>
            <Button variant="quiet" onClick={back.to}>
              {back.label}
            </Button>
          </>
        }
      >
        <p>{t(sent ? 'proof.sent' : 'proof.needed', { email })}</p>
        <p className="text-soft">{t('proof.hint')}</p>
      </DoorMessage>
    </DoorPage>
  )
}
