import { useTranslation } from 'react-i18next'
import { StatusPill } from '@/ui/Feedback'
import type { Loan } from './loan'
import { statusOf } from './status'

export function LoanStatus({ loan }: { loan: Loan }) {
  const { t } = useTranslation('loans')
  const { key, tone } = statusOf(loan)
  return <StatusPill tone={tone}>{t(`status.${key}`)}</StatusPill>
}
