import type { components } from '../src/api/schema'
import { taken, type Borrow, type Community, type Member } from './community'
import { expect, type Page } from './fixtures'

/** Of the scene of all pages, what reports need. */
interface Scene {
  community: Community
  grace: Member
  barbara: Member
  words: { owner: string; borrower: string; title: string; note: string }
}

interface ReportPage {
  name: string
  as: 'barbara' | 'grace' | 'ada'
  path: string | ((scene: Scene) => Promise<string>)
  after?: (page: Page) => Promise<void>
  opens?: true
  troubles?: RegExp
}

/** Rows of the table of all pages. */
export const REPORT_PAGES: ReportPage[] = [
  { name: 'moderation-reports', as: 'grace', path: withReport },
  { name: 'moderation-reports-closed', as: 'ada', path: closedReports },
  { name: 'moderation-report', as: 'grace', path: aReport, opens: true },
  { name: 'moderation-report-answer', as: 'grace', path: aReport, after: answering },
  { name: 'moderation-report-missing', as: 'grace', path: '/moderation/reports/nothing', troubles: /400/ },
  { name: 'loan-reported', as: 'barbara', path: reportedTalk },
  { name: 'account-reports-none', as: 'ada', path: '/account/reports' },
  { name: 'account-reports', as: 'barbara', path: ownReports },
  { name: 'loan-report', as: 'barbara', path: reportedTalk, after: reporting },
  {
    name: 'person-report',
    as: 'barbara',
    path: ({ grace }) => Promise.resolve(`/people/${grace.id}`),
    after: reportingOnPage,
  },
]

/** A report about somebody, by somebody; with a loan of the two and messages in it. */
async function reported({ community, words }: Scene): Promise<{ id: string; borrow: Borrow }> {
  const [olga, finn] = [await community.register(words.owner), await community.register(words.borrower)]
  const borrow = await community.asks(finn, await community.book(olga, words.title))
  await community.says(finn, borrow, words.note)
  return { id: await community.report(olga, finn, words.note, borrow), borrow }
}

async function withReport(scene: Scene): Promise<string> {
  await reported(scene)
  return '/moderation/reports'
}

async function aReport(scene: Scene): Promise<string> {
  return `/moderation/reports/${(await reported(scene)).id}`
}

async function closedReports(scene: Scene): Promise<string> {
  const [one, other] = [await reported(scene), await reported(scene)]
  const { note } = scene.words
  await answered(scene.grace, one.id, { outcome: 'warned', text: note, warning: note })
  await answered(scene.grace, other.id, { outcome: 'deactivated', text: note })
  return '/moderation/reports?show=closed'
}

async function answered({ api }: Member, id: string, body: components['schemas']['ReportAnswerBody']): Promise<void> {
  const { data, error, response } = await api.POST('/api/v1/reports/{id}/answer', { params: { path: { id } }, body })
  taken(data, response, error)
}

/** One that is answered and one that is not. A member may make a few a day. */
async function ownReports({ community, barbara, grace, words }: Scene): Promise<string> {
  const { data } = await barbara.api.GET('/api/v1/profile/reports', {})
  if (data && data.data.length < 4) {
    const [one, other] = [await community.register(words.owner), await community.register(words.borrower)]
    const report = await community.report(barbara, one, words.note)
    await answered(grace, report, { outcome: 'answered', text: words.note })
    await community.report(barbara, other, words.note)
  }
  return '/account/reports'
}

/** A moderator reads along. */
async function reportedTalk({ community, barbara, words }: Scene): Promise<string> {
  const olga = await community.register(words.owner)
  const borrow = await community.asks(barbara, await community.book(olga, words.title))
  await community.says(barbara, borrow, words.note)
  await community.report(olga, barbara, words.note, borrow)
  return `/loans/${borrow.id}`
}

async function reporting(page: Page): Promise<void> {
  await page
    .getByRole('region', { name: /^(Messages and steps|Messages et étapes)$/ })
    .getByRole('button', { name: /^(Report|Signaler)/ })
    .click()
  await expect(page.getByRole('dialog')).toBeVisible()
}

async function reportingOnPage(page: Page): Promise<void> {
  await page
    .getByRole('main')
    .getByRole('button', { name: /^(More actions|Autres actions)$/ })
    .click()
  await page.getByRole('menuitem').first().click()
  await expect(page.getByRole('dialog')).toBeVisible()
}

async function answering(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^(Answer|Répondre)$/ }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await page
    .getByRole('radio', { name: /^(Warn|Avertir)/ })
    .first()
    .check()
}
