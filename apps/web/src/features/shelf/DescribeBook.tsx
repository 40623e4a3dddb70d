import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useFormProblem } from '@/api/form-errors'
import { Button } from '@/ui/Button'
import { Actions } from '@/ui/Dialog'
import { Form } from '@/ui/form/Form'
import { BookFields } from './BookFields'
import { bodyOf, emptyBook } from './book-form'
import { useAddBook } from './commands'
import { useDraftPlace, useKeepDraft } from './draft'
import { useBookForm } from './useBookForm'

/** The second step: what the book is, and what may become of it. */
export function DescribeBook() {
  const { t } = useTranslation('shelf')
  const navigate = useNavigate()
  const place = useDraftPlace()
  const [begun] = useState(() => place.read()?.values ?? emptyBook)
  const form = useBookForm(begun)
  useKeepDraft(form, place)
  const add = useAddBook({
    onDone(book) {
      place.forget()
      void navigate(`?${new URLSearchParams({ step: 'done', book: book.id })}`, { replace: true })
    },
    onProblem: useFormProblem(form),
  })
  return (
    <Form form={form} onSubmit={(values) => add.run(bodyOf(values))}>
      <BookFields />
      <Actions>
        <Button type="submit" pending={add.pending}>
          {t('add.submit')}
        </Button>
        <Button variant="secondary" onClick={() => void navigate('/shelf/add')}>
          {t('add.back')}
        </Button>
      </Actions>
    </Form>
  )
}
