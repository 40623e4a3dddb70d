import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { ApiProblem } from '@/api/problem'
import { session } from '@/api/session'
import { useSession } from '@/api/useSession'
import { isHeld, useOpenLoans, type Loan } from '@/features/loans'
import { Button } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/Dialog'
import { Loading, Notice, Skeleton } from '@/ui/Feedback'
import { PasswordField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Card, PageHeader } from '@/ui/Layout'
import { Written } from '@/ui/Written'
import { useDeleteAccount } from './commands'
import { accountRules } from './rules'

export default function DeleteAccountPage() {
  const { t } = useTranslation('account')
  const { t: refusals } = useTranslation('refusals')
  const { user } = useSession()
  const navigate = useNavigate()
  const [password, setPassword] = useState<string>()
  const { data: openLoans, isPending, refetch } = useOpenLoans()
  const inTheWay = openLoans?.filter(isHeld) ?? []
  const schema = useMemo(() => z.object({ password: accountRules(t).password }), [t])
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { password: '' } })
  const showProblem = useFormProblem(form)
  const deleted = useRef(false)
  // The session ends once this page has gone: on a page for members they would be asked to log in.
  useEffect(
    () => () => {
      if (deleted.current) session.ended()
    },
    [],
  )
  const remove = useDeleteAccount({
    said: t('delete.done'),
    onDone: () => {
      deleted.current = true
      void navigate('/', { replace: true })
    },
    onProblem: (problem) => {
      setPassword(undefined)
      const refused = problem instanceof ApiProblem ? problem : undefined
      if (refused?.code === 'MEMBER_HAS_OPEN_LOANS') {
        // Agreed to while this page was open.
        void refetch()
        return false
      }
      if (refused?.detail('password') === undefined) return showProblem(problem)
      form.setError('password', { message: refusals('WRONG_PASSWORD') }, { shouldFocus: true })
      return true
    },
  })

  return (
    <div className="max-w-2xl">
      <PageHeader title={t('delete.title')} lead={t('delete.lead')} />
      <Card className="flex flex-col gap-6">
        <ul className="flex list-disc flex-col gap-2 pl-5 marker:text-soft">
          <li>{t('delete.books')}</li>
          <li>{t('delete.requests')}</li>
          <li>{t('delete.traces')}</li>
          <li>{t('delete.mail')}</li>
        </ul>
        {isPending ? (
          <Loading>
            <Skeleton className="h-32 rounded-lg" />
          </Loading>
        ) : inTheWay.length > 0 ? (
          <LoansInTheWay loans={inTheWay} />
        ) : (
          <Form form={form} onSubmit={(values) => setPassword(values.password)}>
            <input type="email" autoComplete="username" value={user?.email ?? ''} readOnly hidden />
            <PasswordField
              name="password"
              label={t('login.password')}
              hint={t('delete.passwordHint')}
              autoComplete="current-password"
            />
            <Button type="submit" variant="danger" className="sm:self-start">
              {t('delete.submit')}
            </Button>
          </Form>
        )}
        <p className="text-sm text-soft">
          {t('delete.instead')}{' '}
          <Link to="/account/sessions" className="link">
            {t('sessions.title')}
          </Link>
        </p>
      </Card>
      <ConfirmDialog
        open={password !== undefined}
        onOpenChange={(open) => !open && setPassword(undefined)}
        title={t('delete.confirmTitle')}
        description={t('delete.confirmText')}
        confirm={t('delete.confirm')}
        danger
        pending={remove.pending}
        onConfirm={() => password !== undefined && remove.run({ password })}
      />
    </div>
  )
}

/** What has to end first, each with the way to end it. */
function LoansInTheWay({ loans }: { loans: readonly Loan[] }) {
  const { t } = useTranslation('account')
  const { user } = useSession()
  return (
    <Notice tone="late">
      <h2 className="font-medium">{t('delete.openLoans', { count: loans.length })}</h2>
      <p className="mt-1">{t('delete.openLoansHint', { count: loans.length })}</p>
      <ul className="mt-2 flex flex-col">
        {loans.map(({ id, book, owner, borrower, status }) => {
          const lends = owner.id === user?.id
          const agreed = status === 'approved'
          const part = lends ? (agreed ? 'promised' : 'lent') : agreed ? 'kept' : 'borrowed'
          return (
            <li key={id} className="py-1.5">
              <Link
                to={`/loans/${id}`}
                className="inline-flex min-h-11 flex-col justify-center underline underline-offset-4"
              >
                <Written as="span" className="line-clamp-2">
                  {book.title}
                </Written>
              </Link>
              <p className="line-clamp-2 text-sm wrap-anywhere text-soft">
                {t(`delete.${part}`, { name: lends ? borrower.name : owner.name })}
              </p>
            </li>
          )
        })}
      </ul>
    </Notice>
  )
}
